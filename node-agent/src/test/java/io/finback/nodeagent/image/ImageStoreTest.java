package io.finback.nodeagent.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.nodeagent.isolation.Isolator;
import io.finback.nodeagent.testing.Images;
import io.finback.nodeagent.testing.Needs;
import io.finback.nodeagent.testing.Registry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images from files and from a registry, unpacked; owners of files are only root's to give. */
@Needs(Isolator.SWITCH_USER)
final class ImageStoreTest {
    @TempDir
    private Path dir;

    private ImageStore store;

    @BeforeEach
    void open() throws IOException {
        store = store(1 << 20, 1000, Optional.empty());
    }

    @AfterEach
    void close() {
        store.close();
    }

    private ImageStore store(long maxBytes, long maxFiles, Optional<URI> registry) throws IOException {
        return new ImageStore(
                new ImageSettings(
                        List.of(dir.resolve("local")),
                        registry,
                        Set.of(),
                        Optional.empty(),
                        Duration.ofSeconds(20),
                        Duration.ofSeconds(60),
                        Optional.of(Duration.ofDays(7)),
                        maxBytes,
                        maxFiles),
                dir.resolve("store"));
    }

    private StoredImage get(String name) throws Exception {
        return store.use(Reference.parse(name), true, Optional.empty(), dir, image -> image);
    }

    private static Images whale() {
        return new Images()
                .layer(new Images.Layer()
                        .directory("etc", 0755, 0)
                        .file("etc/a", "old a")
                        .file("etc/gone", "soon gone")
                        .file("etc/many/1", "1")
                        .file("etc/many/2", "2")
                        .file("bin/su", new byte[] {1}, 04755, 7)
                        .link("lib", "usr/lib")
                        .file("lib/x", "through the link"))
                .layer(new Images.Layer()
                        .file("etc/a", "new a")
                        .file("etc/.wh.gone", "")
                        .file("etc/many/.wh..wh..opq", "")
                        .file("etc/many/3", "3")
                        .hardLink("etc/b", "etc/a")
                        .device("dev/null"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"saved", "layout", "zstd"})
    void unpacksWhatAFileHolds(String form) throws Exception {
        if (form.equals("saved")) {
            whale().save(dir.resolve("local/team/whale:1.tar"), "team/whale:1");
        } else {
            Images whale = form.equals("zstd") ? whale().withZstd() : whale();
            whale.layOut(dir.resolve("local/team/whale:1"), "1");
        }
        StoredImage image = get("team/whale:1");
        assertThat(image.id()).isEqualTo(whale().id());
        assertThat(image.config().environment()).containsEntry("FROM_IMAGE", "yes");
        Path lower = store.files(image.layers().get(0));
        Path upper = store.files(image.layers().get(1));
        assertThat(lower.resolve("etc/a")).hasContent("old a");
        assertThat(lower.resolve("usr/lib/x")).hasContent("through the link");
        assertThat(Files.getAttribute(lower.resolve("bin/su"), "unix:uid")).isEqualTo(7);
        assertThat((Integer) Files.getAttribute(lower.resolve("bin/su"), "unix:mode") & 07777)
                .isEqualTo(04755);
        assertThat(upper.resolve("etc/b")).hasContent("new a");
        assertThat(upper.resolve("dev/null")).doesNotExist();
        assertThat(store.whiteouts(image.layers().get(1)))
                .containsExactlyInAnyOrder("etc/gone", "etc/many/1", "etc/many/2");
    }

    @Test
    void refusesWhatLeadsOut() throws Exception {
        Path outside = Files.createDirectories(dir.resolve("outside"));
        new Images()
                .layer(new Images.Layer().link("out", outside.toString()).file("out/x", "escaped?"))
                .save(dir.resolve("local/linked:1.tar"), "linked:1");
        StoredImage image = get("linked:1");
        assertThat(outside.resolve("x")).doesNotExist();
        assertThat(store.files(image.layers().get(0)).resolve(outside.toString().substring(1) + "/x"))
                .hasContent("escaped?");

        new Images()
                .layer(new Images.Layer().file("../../../outside/y", "escaped?"))
                .save(dir.resolve("local/climbing:1.tar"), "climbing:1");
        assertThatThrownBy(() -> get("climbing:1"))
                .hasMessageContaining("image climbing:1")
                .hasMessageContaining("climbs");
        new Images()
                .layer(new Images.Layer().hardLink("secret", "/etc/shadow"))
                .save(dir.resolve("local/stealing:1.tar"), "stealing:1");
        assertThatThrownBy(() -> get("stealing:1")).hasMessageContaining("expected: a file of the same layer");
        assertThat(outside).isEmptyDirectory();
    }

    @Test
    void refusesWhatUnfoldsToTooMuch() throws Exception {
        new Images()
                .layer(new Images.Layer().file("a", new byte[600_000], 0644, 0))
                .layer(new Images.Layer().file("b", new byte[600_000], 0644, 0))
                .layOut(dir.resolve("local/large:1"), "1");
        assertThatThrownBy(() -> get("large:1")).hasMessageContaining("finback.agent.images.max-size");
        Images.Layer many = new Images.Layer();
        for (int i = 0; i < 1001; i++) {
            many.directory("d" + i, 0755, 0);
        }
        new Images().layer(many).layOut(dir.resolve("local/many:1"), "1");
        store.close();
        store = store(1 << 30, 1000, Optional.empty());
        assertThatThrownBy(() -> get("many:1")).hasMessageContaining("finback.agent.images.max-files");
        assertThat(dir.resolve("store/unfinished")).isEmptyDirectory();
    }

    @ParameterizedTest
    @EnumSource(Registry.Login.class)
    void pullsFromARegistry(Registry.Login login) throws Exception {
        try (Registry registry = new Registry(login)) {
            registry.push("team/busybox", "1", whale());
            Reference name = Reference.parse(registry.host() + "/team/busybox:1");
            Optional<String> config = login == Registry.Login.NONE ? Optional.empty() : Optional.of(login(registry));
            StoredImage image = store.use(name, true, config, dir, found -> found);
            assertThat(store.files(image.layers().get(1)).resolve("etc/a")).hasContent("new a");
            int asked = registry.asked().size();
            StoredImage again = store.use(name, true, config, dir, found -> found);
            assertThat(again).isEqualTo(image);
            assertThat(registry.asked()).as("what is here is not asked for").hasSize(asked);
            if (login != Registry.Login.NONE) {
                assertThatThrownBy(() -> store.use(name, false, Optional.empty(), dir, found -> found))
                        .isInstanceOf(ImageFailure.class)
                        .hasMessageContaining(registry.host());
            }
        }
    }

    private static String login(Registry registry) {
        return "{\"auths\":{\"" + registry.host() + "\":{\"username\":\"captain\",\"password\":\"ahab\"}}}";
    }

    @Test
    void takesNothingThatIsNotWhatItsDigestSays() throws Exception {
        try (Registry registry = new Registry(Registry.Login.NONE)) {
            registry.push("team/busybox", "1", whale());
            registry.corrupt("/blobs/");
            assertThatThrownBy(() -> get(registry.host() + "/team/busybox:1")).hasMessageContaining("hashes to");
            assertThatThrownBy(() -> get(registry.host() + "/team/none:1"))
                    .hasMessageContaining("answers 404")
                    .hasMessageContaining("team/none");
        }
    }

    @Test
    void asksTheRegistryThatIsSetForNamesWithoutAHost() throws Exception {
        assertThatThrownBy(() -> get("nowhere:1")).hasMessageContaining("finback.agent.images.registry");
        try (Registry registry = new Registry(Registry.Login.NONE)) {
            registry.push("team/busybox", "1", whale());
            store.close();
            store = store(1 << 20, 1000, Optional.of(URI.create("http://" + registry.host())));
            assertThat(get("team/busybox:1").id()).isEqualTo(whale().id());
        }
    }

    @Test
    void prunesWhatNobodyWants() throws Exception {
        whale().save(dir.resolve("local/whale:1.tar"), "whale:1");
        new Images().layer(new Images.Layer().file("k", "krill")).save(dir.resolve("local/krill:1.tar"), "krill:1");
        StoredImage whale = get("whale:1");
        StoredImage krill = get("krill:1");
        Instant later = Instant.now().plusSeconds(1);
        assertThat(store.prune(
                        Optional.of(later),
                        Set.of("krill:1"),
                        () -> Set.of(whale.layers().get(0)),
                        Duration.ZERO))
                .as("the upper layer of the whale alone")
                .hasValue(1);
        assertThat(store.files(whale.layers().get(0))).exists();
        assertThat(store.files(whale.layers().get(1))).doesNotExist();
        assertThat(store.files(krill.layers().get(0))).exists();
        assertThat(get("whale:1")).as("it can be had again").isEqualTo(whale);
    }

    @Test
    void keepsWhatItHasOverARestart() throws Exception {
        whale().save(dir.resolve("local/whale:1.tar"), "whale:1");
        StoredImage whale = get("whale:1");
        Files.delete(dir.resolve("local/whale:1.tar"));
        store.close();
        open();
        assertThat(get("whale:1")).isEqualTo(whale);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "UPPER", "a b", "x@sha256:12", "a:", "../x", "host.example:5000/", "a//b"})
    void refusesNamesThatAreNone(String name) {
        assertThatThrownBy(() -> Reference.parse(name)).hasMessageContaining("expected: a name such as busybox");
    }
}
