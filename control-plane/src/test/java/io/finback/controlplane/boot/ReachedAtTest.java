package io.finback.controlplane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import io.finback.settings.NodeConfig;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a master says it is: clients follow what is in {@code /v2/leader} and in Mesos' {@code leader_info}. */
class ReachedAtTest {
    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::"})
    void aMasterThatListensEverywhereIsReachedAtItsHostInTheCluster(String everywhere) {
        Config config = config(everywhere);
        assertThat(ServicesBoot.settings(config, ServicesBoot.listen(config)).address())
                .isEqualTo("master-1:8080");
        assertThat(MasterSettings.identity(config, 5050, Instant.EPOCH).host()).isEqualTo("master-1");
    }

    @Test
    void otherwiseAtTheAddressItListensAt() {
        Config config = config("127.0.0.1");
        assertThat(ServicesBoot.settings(config, ServicesBoot.listen(config)).address())
                .isEqualTo("127.0.0.1:8080");
    }

    private static Config config(String listen) {
        return NodeConfig.of(
                        List.of(),
                        Map.of(
                                "FINBACK_CLUSTER_HOST", "master-1",
                                "FINBACK_MASTER_HTTP_HOST", listen,
                                "FINBACK_SERVICES_HTTP_HOST", listen),
                        List.of())
                .load();
    }
}
