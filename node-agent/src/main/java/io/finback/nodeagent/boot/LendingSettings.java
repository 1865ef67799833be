package io.finback.nodeagent.boot;

import com.typesafe.config.Config;
import io.finback.nodeagent.oversubscription.FixedEstimator;
import io.finback.nodeagent.oversubscription.LoadController;
import io.finback.nodeagent.oversubscription.QosController;
import io.finback.nodeagent.oversubscription.ResourceEstimator;
import io.finback.nodeagent.oversubscription.SlackEstimator;
import io.finback.runtime.StartFailure;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Whether, and how, unused resources are lent; the keys are under {@code finback.agent.oversubscription}. */
record LendingSettings(ResourceEstimator estimator, QosController qos, Duration interval) {
    private static final String PATH = "finback.agent.oversubscription.";

    /** Empty: nothing is lent, and nothing measured for it. */
    static Optional<LendingSettings> from(Config lending) {
        Optional<ResourceEstimator> estimator = estimator(lending);
        Optional<QosController> qos = qos(lending);
        Duration interval = lending.getDuration("interval");
        if (interval.compareTo(Duration.ofMillis(100)) < 0) {
            throw new StartFailure(PATH + "interval: " + interval + " (expected: >= PT0.1S)");
        }
        if (estimator.isEmpty() && qos.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new LendingSettings(estimator.orElse(usage -> 0), qos.orElse(usage -> List.of()), interval));
    }

    private static Optional<ResourceEstimator> estimator(Config lending) {
        String name = lending.getString("estimator");
        return switch (name) {
            case "none" -> Optional.empty();
            case "fixed" -> Optional.of(new FixedEstimator(within(lending, "fixed-cpus", 0, 100_000)));
            case "slack" -> Optional.of(new SlackEstimator(within(lending, "slack-fraction", 0, 1)));
            default -> Optional.of(made(PATH + "estimator", name, ResourceEstimator.class, "none, fixed, slack"));
        };
    }

    private static Optional<QosController> qos(Config lending) {
        String name = lending.getString("qos");
        return switch (name) {
            case "none" -> Optional.empty();
            case "load" -> Optional.of(new LoadController(within(lending, "load-threshold", 0, 1_000_000)));
            default -> Optional.of(made(PATH + "qos", name, QosController.class, "none, load"));
        };
    }

    private static double within(Config lending, String key, double least, double most) {
        double value = lending.getDouble(key);
        if (!(value >= least && value <= most)) {
            throw new StartFailure(PATH + key + ": " + value + " (expected: " + least + " to " + most + ")");
        }
        return value;
    }

    private static <T> T made(String key, String name, Class<T> type, String known) {
        try {
            return type.cast(Class.forName(name).getConstructor().newInstance());
        } catch (ReflectiveOperationException | ClassCastException e) {
            throw new StartFailure(
                    key + ": " + name + " (expected: " + known + " or a class on the class path that is a "
                            + type.getSimpleName() + " with a public constructor without parameters; " + e + ")",
                    e);
        }
    }
}
