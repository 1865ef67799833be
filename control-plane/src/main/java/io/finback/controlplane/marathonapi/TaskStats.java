package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.scheduler.Instance.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;

/** {@code taskStats} of an app: how many instances of which age are how. Source: Marathon's TaskStatsByVersion. */
final class TaskStats {
    private TaskStats() {}

    static ObjectNode of(AppSnapshot app, Instant now) {
        AppVersion current = app.current().orElseThrow();
        ObjectNode node = Json.object();
        part(node, "startedAfterLastScaling", app, now, i -> !i.version().isBefore(current.scalingAt()));
        part(node, "withLatestConfig", app, now, i -> i.configAt().equals(current.configAt()));
        part(node, "withOutdatedConfig", app, now, i -> !i.configAt().equals(current.configAt()));
        part(node, "totalSummary", app, now, i -> true);
        return node;
    }

    private static void part(ObjectNode node, String name, AppSnapshot app, Instant now, Predicate<Instance> which) {
        List<Instance> some =
                AppWriter.shown(app.instances()).stream().filter(which).toList();
        if (some.isEmpty()) {
            return;
        }
        ObjectNode stats = node.putObject(name).putObject("stats");
        stats.putObject("counts")
                .put("staged", count(some, i -> i.phase() == Phase.STAGING || i.phase() == Phase.STARTING))
                .put("running", count(some, i -> i.phase() == Phase.RUNNING))
                .put(
                        "healthy",
                        count(
                                some,
                                i -> i.phase() == Phase.RUNNING && i.healthy().orElse(false)))
                .put(
                        "unhealthy",
                        count(
                                some,
                                i -> i.phase() == Phase.RUNNING && !i.healthy().orElse(true) && app.judged(i)));
        List<Double> lives = some.stream()
                .flatMap(i -> i.startedAt().stream())
                .map(at -> Duration.between(at, now).toMillis() / 1000.0)
                .sorted()
                .toList();
        if (!lives.isEmpty()) {
            int middle = lives.size() / 2;
            double median = lives.size() % 2 == 1 ? lives.get(middle) : (lives.get(middle - 1) + lives.get(middle)) / 2;
            double average = lives.stream().mapToDouble(d -> d).average().orElse(0);
            stats.putObject("lifeTime").put("averageSeconds", average).put("medianSeconds", median);
        }
    }

    private static long count(List<Instance> some, Predicate<Instance> which) {
        return some.stream().filter(which).count();
    }
}
