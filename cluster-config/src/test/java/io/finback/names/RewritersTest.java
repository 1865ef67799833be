package io.finback.names;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Linkerd's rewriting namers, patterns with captures, and names that are not known yet. */
class RewritersTest {
    private static final Namer NOBODY = path -> NameTree.neg();

    private static String lookup(String path) {
        return BuiltinNamers.all()
                .lookup(Path.parse(path))
                .show(name -> name.match(
                        Path::show,
                        bound -> bound.id().show() + " rest " + bound.residual().show()));
    }

    @ParameterizedTest
    @CsvSource({
        "/$/io.buoyant.hostportPfx/svc/web:8080/x, /svc/web/8080/x",
        "/$/io.buoyant.porthostPfx/svc/web:http/x, /svc/http/web/x",
        "/$/io.buoyant.hostportPfx/svc/web, ~",
        "/$/io.buoyant.hostportPfx/svc/web:HTTP, ~",
        "/$/io.buoyant.http.anyMethod/POST/a, /a",
        "/$/io.buoyant.http.anyMethod/post/a, ~",
        "/$/io.buoyant.http.anyMethodPfx/p/GET/a, /p/a",
        "/$/io.buoyant.http.anyHost/web.example.com/a, /a",
        "/$/io.buoyant.http.anyHostPfx/p/web.example.com/a, /p/a",
        "/$/io.buoyant.http.subdomainOf/example.com/web.example.com:80/a, /web/a",
        "/$/io.buoyant.http.subdomainOf/example.com/example.com, ~",
        "/$/io.buoyant.http.subdomainOfPfx/example.com/p/a.b.example.com/r, /p/a.b/r",
        "/$/io.buoyant.http.domainToPath/a.b.c/r, /c/b/a/r",
        "/$/io.buoyant.http.domainToPathPfx/p/a.b.c/r, /p/c/b/a/r",
        "/$/io.buoyant.rinet/80/web/r, /$/io.buoyant.rinet/80/web rest /r",
        "/$/inet/8080/r, /$/inet/8080 rest /r",
        "/$/fixedinet/web/80, /$/fixedinet/web/80 rest /",
        "/$/inet/web/70000, ~",
        "/$/no.such.Namer/x, ~"
    })
    void rewrites(String path, String expected) {
        assertThat(lookup(path)).isEqualTo(expected);
    }

    @Test
    void knowsTheAddressesOfItsIds() {
        assertThat(BuiltinNamers.address(Path.parse("/$/io.buoyant.rinet/80/web")))
                .contains(new Address("web", 80));
        assertThat(BuiltinNamers.address(Path.parse("/$/inet/81"))).contains(new Address("127.0.0.1", 81));
        assertThat(BuiltinNamers.address(Path.parse("/#/io.l5d.fs/web"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "/#/io.l5d.fs/{service}, /#/io.l5d.fs/web/rest, web",
        "/#/*/{service}, /#/x/web, web",
        "/a/{service}-v2, /a/web-v2, web",
        "/a/{service}-{v}, /a/web-x-2, web-x",
    })
    void captures(String pattern, String path, String service) {
        assertThat(PathPattern.parse(pattern).match(Path.parse(path)))
                .hasValueSatisfying(m -> assertThat(m.captures()).containsEntry("service", service));
    }

    @Test
    void doesNotMatchShorterOrOtherPaths() {
        assertThat(PathPattern.parse("/a/*").match(Path.parse("/a"))).isEmpty();
        assertThat(PathPattern.parse("/a/b").match(Path.parse("/a/c"))).isEmpty();
        assertThat(PathPattern.parse("/").match(Path.parse("/a/c"))).isPresent();
        assertThatThrownBy(() -> PathPattern.parse("a")).hasMessageContaining("'a'");
        assertThatThrownBy(() -> PathPattern.parse("/a//b")).hasMessageContaining("empty element");
        assertThat(PathPattern.interpolate("{service}.{zone}.local", Map.of("service", "web")))
                .isEqualTo("web.{zone}.local");
    }

    private static NameTree<Name.Bound> bind(String dtab, Namer namer) {
        return Binder.bind(Dtab.parse(dtab), namer.orElse(BuiltinNamers.all()), Path.parse("/svc/web"));
    }

    @Test
    void waitsForWhatIsNotKnownYetUnlessAnotherBranchOfAUnionIs() {
        Namer pending = Namer.at(Path.of("#"), path -> {
            throw new NotYetKnown("the test");
        });
        assertThatThrownBy(() -> bind("/svc => /#/x | /$/inet/1", pending)).isInstanceOf(NotYetKnown.class);
        assertThatThrownBy(() -> bind("/svc => /#/x & ~", pending)).isInstanceOf(NotYetKnown.class);
        assertThat(bind("/svc/web => /#/x & /$/inet/1", pending).show(b -> b.id().show()))
                .isEqualTo("/$/inet/1");
        assertThat(bind("/svc/web => /$/inet/1 | /#/x", pending).show(b -> b.id().show()))
                .isEqualTo("/$/inet/1");
        assertThat(bind("/svc/web => /#/x | /$/inet/1", NOBODY).show(b -> b.id().show()))
                .isEqualTo("/$/inet/1");
    }
}
