package io.finback.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeConfigTest {
    @TempDir
    Path directory;

    @Test
    void takesTheReferenceWhenNobodySaysAnything() {
        assertThat(load(Map.of()).getInt("finback.cluster.port")).isEqualTo(25520);
    }

    @Test
    void letsTheStrongerWin() throws IOException {
        Path weak = file("weak.conf", "finback { cluster.port = 1, management.port = 1, data-dir = file }");
        Path strong = file("strong.conf", "finback { cluster.port = 2, management.port = 2 }");
        Config config = NodeConfig.of(
                        List.of(weak, strong),
                        Map.of("FINBACK_CLUSTER_PORT", "3", "FINBACK_MANAGEMENT_PORT", "3"),
                        List.of("cluster.port=4"))
                .load();
        assertThat(config.getInt("finback.cluster.port")).isEqualTo(4);
        assertThat(config.getInt("finback.management.port")).isEqualTo(3);
        assertThat(config.getString("finback.data-dir")).isEqualTo("file");
    }

    @Test
    void readsListsFromTheEnvironmentAndOverrides() {
        Config fromEnvironment = load(Map.of("FINBACK_CLUSTER_SEEDS", "a:25520, b:25520"));
        assertThat(ClusterSettings.from(fromEnvironment).seeds())
                .containsExactly(new HostPort("a", 25520), new HostPort("b", 25520));
        Config asHocon = load(Map.of(), "finback.cluster.seeds=[\"a:1\",\"b:2\"]");
        assertThat(ClusterSettings.from(asHocon).seeds()).containsExactly(new HostPort("a", 1), new HostPort("b", 2));
        assertThat(load(Map.of(), "cluster.seeds=").getStringList("finback.cluster.seeds"))
                .isEmpty();
    }

    @Test
    void readsKeysWithHyphensFromTheEnvironment() {
        assertThat(load(Map.of("FINBACK_DATA_DIR", "/d")).getString("finback.data-dir"))
                .isEqualTo("/d");
    }

    @Test
    void namesAnUnknownKeyItsPlaceAndTheNearest() throws IOException {
        Path file = file("node.conf", "finback {\n  cluster.prot = 1\n}\n");
        refuses(
                NodeConfig.of(List.of(file), Map.of(), List.of()),
                "finback.cluster.prot: no such setting (did you mean finback.cluster.port?), set in " + file + ":2");
        refuses(
                NodeConfig.of(List.of(), Map.of(), List.of("cluster.sedes=a:1")),
                "finback.cluster.sedes: no such setting (did you mean finback.cluster.seeds?),"
                        + " set by --set cluster.sedes");
    }

    @Test
    void namesAWrongTypeAndItsPlace() throws IOException {
        Path file = file("node.conf", "finback.cluster.port = abc\n");
        refuses(
                NodeConfig.of(List.of(file), Map.of(), List.of()),
                "finback.cluster.port: abc (expected: a number), set in " + file + ":1");
        refuses(
                NodeConfig.of(List.of(), Map.of("FINBACK_CLUSTER_PORT", "x"), List.of()),
                "finback.cluster.port: x (expected: a number), set by the environment variable FINBACK_CLUSTER_PORT");
    }

    @Test
    void refusesASlipInAVariableAndLeavesOthersAlone() {
        refuses(
                NodeConfig.of(List.of(), Map.of("FINBACK_CLUSTER_SEDS", "a:1"), List.of()),
                "FINBACK_CLUSTER_SEDS: no such setting (did you mean FINBACK_CLUSTER_SEEDS?)");
        assertThat(load(Map.of("FINBACK_MASTER_SERVICE_HOST", "10.0.0.1", "FINBACK_JAVA_OPTS", "-Xmx1g")))
                .isNotNull();
    }

    @Test
    void refusesAFileThatIsNotThereOrNotHocon() throws IOException {
        Path absent = directory.resolve("absent.conf");
        refuses(
                NodeConfig.of(List.of(absent), Map.of(), List.of()),
                absent + ": no such file (expected: a configuration file in HOCON)");
        Path broken = file("broken.conf", "finback {\n  cluster.port = 1\n");
        assertThatThrownBy(() ->
                        NodeConfig.of(List.of(broken), Map.of(), List.of()).load())
                .isInstanceOf(StartFailure.class)
                .hasMessageStartingWith(broken + ":")
                .hasMessageNotContaining("\n");
        refuses(NodeConfig.of(List.of(), Map.of(), List.of("oops")), "--set oops: (expected: key=value)");
    }

    @Test
    void keepsWhatIsSaidOfAkkaAndNotTheDefaults() {
        Config config = load(Map.of(), "akka.loglevel=INFO");
        assertThat(config.getString("akka.loglevel")).isEqualTo("INFO");
        assertThat(config.hasPath("akka.log-dead-letters")).isFalse();
    }

    @Test
    void namesAValueOutOfRange() {
        assertThatThrownBy(() -> ClusterSettings.from(load(Map.of(), "cluster.port=99999")))
                .hasMessage("finback.cluster.port: 99999 (expected: a whole number 0..65535),"
                        + " set by --set cluster.port");
        assertThatThrownBy(() -> ClusterSettings.from(load(Map.of(), "cluster.seeds=nowhere")))
                .hasMessageStartingWith("finback.cluster.seeds: nowhere (expected: host:port)");
        assertThatThrownBy(() -> ClusterSettings.from(load(Map.of(), "cluster.host=0.0.0.0")))
                .hasMessageStartingWith("finback.cluster.host: 0.0.0.0 (expected: ");
        assertThatThrownBy(() -> PersistenceSettings.from(load(Map.of(), "persistence.profile=oracle")))
                .hasMessageStartingWith("finback.persistence.profile: oracle (expected: leveldb, postgres)");
    }

    @Test
    void readsThePasswordFromAFileAndNeverShowsIt() throws IOException {
        Path file = file("password", "s3cret\n");
        PersistenceSettings settings = PersistenceSettings.from(load(
                Map.of(),
                "persistence.profile=postgres",
                "persistence.postgres.password-file=" + file,
                "persistence.postgres.password=other"));
        assertThat(settings.postgres().orElseThrow().password().reveal()).isEqualTo("s3cret");
        assertThat(settings.toString()).doesNotContain("s3cret").contains("(hidden)");
        assertThatThrownBy(() -> PersistenceSettings.from(
                        load(Map.of(), "persistence.profile=postgres", "persistence.postgres.password-file=/absent")))
                .hasMessageStartingWith(
                        "finback.persistence.postgres.password-file: /absent (expected: a readable file)");
    }

    @Test
    void readsDurationsAndSizesWithinBounds() {
        SettingsReader reader = SettingsReader.of(
                ConfigFactory.parseString("finback.x { wait = 5 s, size = 2 KiB, bad = soon }"), "finback.x");
        assertThat(reader.duration("wait")).isEqualTo(Duration.ofSeconds(5));
        assertThat(reader.bytes("size", 1, 4096)).isEqualTo(2048);
        assertThatThrownBy(() -> reader.duration("wait", Duration.ofSeconds(6), Duration.ofSeconds(9)))
                .hasMessageStartingWith("finback.x.wait: 5 s (expected: a duration from 6 s to 9 s");
        assertThatThrownBy(() -> reader.duration("bad")).hasMessageStartingWith("finback.x.bad: soon (expected: ");
        assertThatThrownBy(() -> reader.bytes("size", 1, 1024)).hasMessageStartingWith("finback.x.size: 2 KiB");
        assertThatThrownBy(() -> reader.text("none")).hasMessage("finback.x.none: missing (expected: a text)");
    }

    private static Config load(Map<String, String> environment, String... overrides) {
        return NodeConfig.of(List.of(), environment, List.of(overrides)).load();
    }

    private static void refuses(NodeConfig config, String line) {
        assertThatThrownBy(config::load).isInstanceOf(StartFailure.class).hasMessage(line);
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }
}
