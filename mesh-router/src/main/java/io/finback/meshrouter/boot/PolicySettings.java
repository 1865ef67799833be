package io.finback.meshrouter.boot;

import com.typesafe.config.Config;
import io.finback.meshrouter.balance.Aperture;
import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.balance.DeterministicAperture;
import io.finback.meshrouter.resilience.AccrualPolicy;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.resilience.ResponseClassifier;
import io.finback.meshrouter.resilience.RetryBudget;
import io.finback.meshrouter.traffic.ClientPolicy;
import io.finback.meshrouter.traffic.PoolPolicy;
import io.finback.meshrouter.traffic.ServicePolicy;
import io.finback.meshrouter.traffic.StreamRetries;
import io.finback.meshrouter.traffic.WirePolicy;
import java.time.Duration;
import java.util.Optional;

/** {@code finback.router.client} and {@code finback.router.service}. Throws IllegalArgumentException naming the key below it. */
final class PolicySettings {
    private PolicySettings() {}

    static ClientPolicy client(Config config, WirePolicy wire) {
        return new ClientPolicy(
                balancer(config.getConfig("load-balancer")),
                accrual(config.getConfig("failure-accrual")),
                budget("client.requeue-budget", config.getConfig("requeue-budget")),
                config.getBoolean("fail-fast"),
                duration(config, "attempt-timeout"),
                PoolPolicy.UNLIMITED,
                Optional.empty(),
                wire);
    }

    static ServicePolicy service(Config config, Optional<Duration> totalTimeout, StreamRetries streams) {
        String kind = config.getString("response-classifier");
        return new ServicePolicy(
                ResponseClassifier.ofKind(kind)
                        .orElseThrow(() -> new IllegalArgumentException("service.response-classifier: '" + kind
                                + "' (expected: one of " + ResponseClassifier.kinds() + ")")),
                Optional.empty(),
                streams,
                budget("service.retry-budget", config.getConfig("retry-budget")),
                new Backoff.Constant(config.getDuration("retry-pause")),
                totalTimeout);
    }

    private static Balancer.Spec balancer(Config config) {
        String text = config.getString("kind");
        Balancer.Kind kind = Balancer.Kind.of(text)
                .orElseThrow(() -> new IllegalArgumentException("client.load-balancer.kind: '" + text
                        + "' (expected: p2c, ewma, aperture, deterministicAperture, heap or roundRobin)"));
        return switch (kind) {
            case P2C -> Balancer.Spec.P2C;
            case EWMA -> Balancer.Spec.ewma(config.getDuration("decay"));
            case HEAP -> Balancer.Spec.heap();
            case ROUND_ROBIN -> Balancer.Spec.roundRobin();
            case APERTURE -> Balancer.Spec.aperture(Aperture.Band.DEFAULT);
            case DETERMINISTIC_APERTURE -> Balancer.Spec.deterministicAperture(coordinate(config));
        };
    }

    private static DeterministicAperture.Coordinate coordinate(Config config) {
        try {
            return new DeterministicAperture.Coordinate(
                    config.getInt("instance"), config.getInt("total"), config.getInt("min-aperture"));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("client.load-balancer: " + e.getMessage(), e);
        }
    }

    private static AccrualPolicy.Spec accrual(Config config) {
        int failures = config.getInt("failures");
        if (failures == 0) {
            return AccrualPolicy.Spec.NONE;
        }
        if (failures < 0) {
            throw new IllegalArgumentException(
                    "client.failure-accrual.failures: " + failures + " (expected: >= 0; 0 is never)");
        }
        return new AccrualPolicy.Spec(
                () -> AccrualPolicy.consecutiveFailures(failures),
                new Backoff.EqualJittered(config.getDuration("pause"), config.getDuration("longest-pause")));
    }

    private static RetryBudget.Spec budget(String key, Config config) {
        try {
            return new RetryBudget.Spec(
                    config.getDuration("ttl"), config.getInt("min-per-second"), config.getDouble("fraction"));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(key + ": " + e.getMessage(), e);
        }
    }

    private static Optional<Duration> duration(Config config, String key) {
        return config.getString(key).equals("infinite") ? Optional.empty() : Optional.of(config.getDuration(key));
    }
}
