package io.finback.names;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The table of dtab semantics, case by case, with files web, users, web-v2, prod/users and empty. {@code F} is their namer. */
class DtabTableTest {
    private static final Set<String> FILES =
            new TreeSet<>(Set.of("/web", "/users", "/web-v2", "/prod/users", "/empty", "/com/example/web"));
    private static final String F = "/#/io.l5d.fs";

    /** Stops at the first component that is a file. */
    private static final Namer FS = Namer.at(Path.parse(F), path -> {
        for (int i = 3; i <= path.size(); i++) {
            if (FILES.contains(path.take(i).drop(2).show())) {
                return NameTree.leaf(new Name.Bound(path.take(i), path.drop(i)));
            }
        }
        return NameTree.neg();
    });

    private static String bind(String dtab, String name) {
        return bind(dtab, name, FS);
    }

    private static String bind(String dtab, String name, Namer namer) {
        Dtab table = Dtab.parse(dtab.replace("F", F));
        return Binder.bind(table, namer.orElse(BuiltinNamers.all()), Path.parse(name.replace("F", F)))
                .show(bound -> bound.id().show() + (bound.residual().isEmpty() ? "" : " rest " + bound.residual()))
                .replace(F, "F");
    }

    @ParameterizedTest(name = "{0}: {1}, {2}")
    @CsvSource(
            delimiterString = "->>",
            value = {
                "1 ->> /svc => F ->> /svc/web ->> F/web",
                "2 ->> /svc => F ->> /svc/web/a/b ->> F/web rest /a/b",
                "3 ->> /svc=>F ; /svc/web=>F/web-v2 ->> /svc/web ->> F/web-v2",
                "4 ->> /svc=>F ; /svc/web=>F/nope ->> /svc/web ->> F/web",
                "5 ->> /svc/web=>F/nope | F/users ->> /svc/web ->> F/users",
                "6 ->> /svc/web=>! | F/users ->> /svc/web ->> !",
                "7 ->> /svc=>F ; /svc/web=>! ->> /svc/web ->> !",
                "8 ->> /svc=>F ; /svc/web=>~ ->> /svc/web ->> F/web",
                "9 ->> /svc=>F ; /svc/web=>$ ->> /svc/web ->> $",
                "10a ->> F/web=>~ ->> F/web ->> F/web",
                "10b ->> F/web=>! ->> F/web ->> !",
                "10c ->> F/web=>~ ; F/web=>~ ->> F/web ->> ~",
                "11 ->> /svc/*/prod=>F ->> /svc/x/prod/users ->> F/users",
                "11 not ->> /svc/*/prod=>F ->> /svc/prod/users ->> ~",
                "12 ->> /s=>F ->> /svc/web ->> ~",
                "13 ->> /svc/web=>0.9*F/web & 0.1*F/web-v2 ->> /svc/web ->> 0.90*F/web & 0.10*F/web-v2",
                "14 ->> /svc/web=>1*F/web & 9*F/nope ->> /svc/web ->> F/web",
                "15a ->> /svc/web=>F/web & $ ->> /svc/web ->> F/web & $",
                "15b ->> /svc/web=>F/web & ! ->> /svc/web ->> F/web",
                "18 ->> /svc=>F ; /svc/web=>/svc/web-v2 ->> /svc/web ->> F/web-v2",
                "18 absent ->> /svc=>F ; /svc/web=>/svc/web-v3 ->> /svc/web ->> F/web",
                "19 ->> /s##=>F ; /s#=>/s##/prod ; /s=>/s# ->> /s/users ->> F/prod/users",
                "20 ->> /srv/com/example=>F ; /host=>/$/io.buoyant.http.domainToPathPfx/srv ; /svc=>/host"
                        + " ->> /svc/web.example.com ->> F/web",
                "21 ->> /svc/*=>/$/inet/127.1/8888 ->> /svc/x/foo ->> /$/inet/127.1/8888 rest /foo",
                "22 ->> /svc=>/$/inet/127.1/8888 ->> /svc/web ->> /$/inet/127.1/8888 rest /web",
                "23b ->> /=>! ->> /anything/at/all ->> !",
                "24 ->> /svc/web=>F/empty | F/users ->> /svc/web ->> F/empty",
                "27 ->> /svc=>F ; /svc=>/$/nil ->> /svc/web ->> $",
                "28 ->> /svc=>F ; /svc=>/$/fail ->> /svc/web ->> !",
            })
    void binds(String number, String dtab, String name, String expected) {
        assertThat(bind(dtab, name)).as(number).isEqualTo(expected);
    }

    @Test
    void parsesUnionsTighterThanAlternatives() { // 16
        assertThat(Dtab.parseTree("/a & /b | /c").show(Path::show)).isEqualTo("(/a & /b) | /c");
    }

    @ParameterizedTest // 17, 23a
    @CsvSource({"/svc=>/svc, /svc/web", "/=>F, /web"})
    void failsAtTheDepthLimit(String dtab, String name) {
        assertThatThrownBy(() -> bind(dtab, name))
                .isInstanceOf(NamingException.class)
                .hasMessageContaining("max depth 100");
    }

    @Test
    void doesNotFallBackFromADelegationThatDoesNotEnd() {
        assertThatThrownBy(() -> bind("/svc=>/svc | F", "/svc/web")).isInstanceOf(NamingException.class);
    }

    @Test
    void limitsWhatAnExplodingTableCosts() {
        assertThatThrownBy(() -> bind("/svc=>/svc & /svc", "/svc/web")).isInstanceOf(NamingException.class);
    }

    @ParameterizedTest // 25
    @ValueSource(
            strings = {
                "/svc=>",
                "/*foo=>/a",
                "/a=>0.5 /b",
                "/foo/=>/a",
                "/a=>.*/b",
                "/a=>(/b",
                "/a=>/b)",
                "/a",
                "a=>/b",
                "/a=>/b/",
                "/a=>1.2.3*/b",
                "/a=>-1*/b",
                "/a=>/b /c",
                "/a=>\\x4",
                "/a\\y00=>/b"
            })
    void refusesBadTables(String dtab) {
        assertThatThrownBy(() -> Dtab.parse(dtab))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("position");
    }

    @ParameterizedTest // 25
    @ValueSource(
            strings = {"", "/a=>/b;", "# c\n/a=>/b", ";;/a=>/b;;", " /a => /b # c", "/a=>/#/x;", "/=>~", "/*/b=>!|$"})
    void acceptsOddTables(String dtab) {
        assertThat(Dtab.parse(Dtab.parse(dtab).show())).isEqualTo(Dtab.parse(dtab));
    }

    @Test
    void refusesDeepNesting() {
        assertThatThrownBy(() -> Dtab.parse("/a=>" + "(".repeat(5_000)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nested");
    }

    @Test
    void asksTheFirstNamerBeforeTheNext() { // 26: who mounts them reverses the configured order
        Namer last =
                Namer.at(Path.parse(F + "/web"), path -> NameTree.leaf(new Name.Bound(Path.of("last"), Path.EMPTY)));
        assertThat(bind("/svc=>F", "/svc/web", last.orElse(FS))).isEqualTo("/last");
        assertThat(bind("/svc=>F", "/svc/users", last.orElse(FS))).isEqualTo("F/users");
    }

    @Test
    void showsWhatItParses() {
        String text = "/a/*/b => 0.90*/c & (/d | ~ | !);/e => $";
        assertThat(Dtab.parse(text).show()).isEqualTo(text);
    }

    @Test
    void keepsAnyByteOfAPath() {
        assertThat(Path.of("a b", "ü").show()).isEqualTo("/\\x61\\x20\\x62/\\xc3\\xbc");
        assertThat(Path.parse("/\\x61\\x20\\x62/\\xc3\\xbc")).isEqualTo(Path.of("a b", "ü"));
        assertThat(Path.parse("/")).isEqualTo(Path.EMPTY);
        assertThatThrownBy(() -> Path.parse("/a/")).isInstanceOf(NameSyntaxException.class);
        assertThatThrownBy(() -> Path.parse("/a//b")).isInstanceOf(NameSyntaxException.class);
        assertThatThrownBy(() -> Path.parse("a")).isInstanceOf(NameSyntaxException.class);
    }

    @Test
    void explainsEveryBranch() {
        Dtab dtab = Dtab.parse("/svc=>" + F + " ; /svc/web=>" + F + "/nope | " + F + "/users");
        Delegation answer = Delegation.of(dtab, FS, Path.parse("/svc/web"));
        assertThat(answer.type()).isEqualTo("alt");
        assertThat(answer.children().get(0).rule()).startsWith("/svc/web =>");
        assertThat(answer.children().get(0).children())
                .extracting(Delegation::type)
                .containsExactly("neg", "leaf");
        assertThat(answer.children().get(1).bound())
                .extracting(b -> b.id().show())
                .containsExactly(F + "/web");
        assertThat(Delegation.of(Dtab.parse("/svc=>/svc|/svc"), FS, Path.parse("/svc/x"))
                        .type())
                .isEqualTo("delegate");
    }
}
