package io.finback.verification.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.balance.Aperture;
import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.balance.DeterministicAperture;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The published order of balancers when one backend of eleven turns slow, and its figure for peak EWMA. */
class BalancingExperimentTest {
    private static final Logger log = LoggerFactory.getLogger(BalancingExperimentTest.class);
    private static final int RUNS = 10;

    private static double success(String name, Balancer.Spec spec) {
        double sum = 0;
        for (long seed = 1; seed <= RUNS; seed++) {
            BalancingExperiment.Outcome outcome = BalancingExperiment.run(spec, seed);
            log.info("balancing balancer={} seed={} {}", name, seed, outcome);
            sum += outcome.success();
        }
        return sum / RUNS;
    }

    @Test
    void peakEwmaKeepsThePublishedPromiseAndTheOthersComeBehindIt() {
        Map<String, Double> success = new LinkedHashMap<>();
        success.put("roundRobin", success("roundRobin", Balancer.Spec.roundRobin()));
        success.put("p2c", success("p2c", Balancer.Spec.P2C));
        success.put("heap", success("heap", Balancer.Spec.heap()));
        success.put("aperture", success("aperture", Balancer.Spec.aperture(Aperture.Band.DEFAULT)));
        success.put(
                "deterministicAperture",
                success(
                        "deterministicAperture",
                        Balancer.Spec.deterministicAperture(new DeterministicAperture.Coordinate(0, 1, 12))));
        success.put("ewma", success("ewma", Balancer.Spec.ewma(Duration.ofSeconds(10))));
        assertThat(success.get("ewma"))
                .as("published: 99.9 %%; all: %s", success)
                .isGreaterThanOrEqualTo(0.999);
        assertThat(success.get("p2c")).as("published: 99 %%; all: %s", success).isGreaterThanOrEqualTo(0.99);
        assertThat(success.get("heap")).as("%s", success).isGreaterThanOrEqualTo(0.99);
        assertThat(success.get("deterministicAperture")).as("%s", success).isGreaterThanOrEqualTo(0.99);
        assertThat(success.get("roundRobin"))
                .as("published: 95 %%; all: %s", success)
                .isBetween(0.94, 0.97);
    }
}
