package io.finback.verification.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import io.finback.settings.ClusterSettings;
import io.finback.settings.NodeConfig;
import io.finback.settings.PersistenceSettings;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** k8s/compose.yaml, field by field: what it names exists, and the nodes take what it says to them. ComposedClusterIT runs it. */
class ComposeFileTest {
    @Test
    void isAWholeCluster() throws Exception {
        ComposeFile file = ComposeFile.read(Tree.k8s().resolve("compose.yaml"));
        Map<String, Long> roles = new HashMap<>();
        file.services().forEach((name, service) -> {
            if (service.isNode()) {
                roles.merge(service.command().get(0), 1L, Long::sum);
            }
        });
        assertThat(roles).isEqualTo(Map.of("master", 3L, "agent", 2L, "router", 1L));
        assertThat(file.services()).containsKey("database").hasSize(7);
    }

    @Test
    void whatItNamesExists() throws Exception {
        ComposeFile file = ComposeFile.read(Tree.k8s().resolve("compose.yaml"));
        Set<String> mounted = new HashSet<>();
        Set<String> published = new HashSet<>();
        file.services().forEach((name, service) -> {
            assertThat(file.networks().keySet()).as(name).containsAll(service.networks());
            Optional.ofNullable(service.secrets())
                    .ifPresent(
                            used -> assertThat(file.secrets().keySet()).as(name).containsAll(used));
            Optional.ofNullable(service.dependsOn())
                    .ifPresent(on -> on.forEach((other, how) -> {
                        assertThat(file.services()).as(name).containsKey(other);
                        assertThat(how.condition()).isEqualTo("service_healthy");
                        // Our image brings its own check.
                        assertThat(file.services().get(other).isNode()
                                        || file.services().get(other).healthcheck() != null)
                                .as(name + " waits for " + other)
                                .isTrue();
                    }));
            service.volumes().forEach(volume -> {
                String[] parts = volume.split(":", 2);
                assertThat(file.volumes()).as(name).containsKey(parts[0]);
                assertThat(mounted.add(parts[0]))
                        .as(parts[0] + " is one service's")
                        .isTrue();
                if (service.isNode()) {
                    assertThat(parts[1]).isEqualTo("/var/lib/finback");
                }
            });
            Optional.ofNullable(service.ports())
                    .ifPresent(ports -> ports.forEach(port -> {
                        // Nobody has to say who they are, and agents start what they are told to.
                        assertThat(port).as(name).startsWith("127.0.0.1:");
                        assertThat(published.add(port.substring(0, port.lastIndexOf(':'))))
                                .as(port)
                                .isTrue();
                    }));
        });
        assertThat(mounted).isEqualTo(file.volumes().keySet());
        assertThat(Files.readString(Tree.k8s().resolve("compose-password"))).isNotBlank();
    }

    @Test
    void everySettingExistsAndTheNodesTakeThem() throws Exception {
        ComposeFile file = ComposeFile.read(Tree.k8s().resolve("compose.yaml"));
        file.services().forEach((name, service) -> {
            if (!service.isNode()) {
                return;
            }
            assertThat(Tree.variables())
                    .as(name)
                    .containsAll(service.environment().keySet());
            Map<String, String> environment = new HashMap<>(service.environment());
            // Read when the master starts, from the secret's mount.
            environment.remove("FINBACK_PERSISTENCE_POSTGRES_PASSWORD_FILE");
            Config config = NodeConfig.of(List.of(), environment, List.of()).load();
            assertThat(ClusterSettings.from(config).listen().host()).isEqualTo(name);
            assertThat(ClusterSettings.from(config).seeds()).hasSize(3).allSatisfy(seed -> assertThat(file.services())
                    .containsKey(seed.host()));
            if (service.command().get(0).equals("master")) {
                assertThat(PersistenceSettings.from(config).profile()).isEqualTo(PersistenceSettings.Profile.POSTGRES);
                assertThat(file.services())
                        .containsKey(PersistenceSettings.from(config)
                                .postgres()
                                .orElseThrow()
                                .address()
                                .host());
                assertThat(service.user()).as("masters are nobody").isNull();
            }
        });
    }
}
