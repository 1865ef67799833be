package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The first of several seeds must not form a second cluster while the others only take long to answer. */
class FirstSeedTest {
    private static Duration timeout(int port, String seeds) {
        Config settings = ConfigFactory.parseString("finback.persistence.profile = postgres, finback.cluster { port = "
                        + port + ", seeds = " + seeds + " }")
                .withFallback(ConfigFactory.load());
        return ClusterSystem.memberConfig(settings, Role.MASTER).getDuration("akka.cluster.seed-node-timeout");
    }

    @Test
    void looksForTheOthersForLong() {
        String seeds = "[\"127.0.0.1:1111\", \"127.0.0.1:2222\", \"127.0.0.1:3333\"]";
        assertThat(timeout(1111, seeds)).isEqualTo(Duration.ofSeconds(30));
        assertThat(timeout(2222, seeds)).as("how often the others ask").isEqualTo(Duration.ofSeconds(2));
        assertThat(timeout(1111, "[]")).as("a lone master waits for nobody").isEqualTo(Duration.ofSeconds(2));
    }
}
