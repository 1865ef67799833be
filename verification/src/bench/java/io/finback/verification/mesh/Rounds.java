package io.finback.verification.mesh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Warms targets up, then measures them in turn, several times each, and prints a table for each load. */
final class Rounds {
    /** Each load by itself before it counts: a compiler that meets a load for the first time compiles anew. */
    private static final int WARM_EACH_SECONDS = 8;

    private final List<Target> targets;
    private final List<Load> loads;
    private final int rounds;
    private final int seconds;

    Rounds(List<Target> targets, List<Load> loads, int rounds, int seconds) {
        this.targets = targets;
        this.loads = loads;
        this.rounds = rounds;
        this.seconds = seconds;
    }

    /** All of them at once, so each has its share of the processors for that long. */
    void warmUp(List<Target> cold, int warmSeconds) throws IOException, InterruptedException {
        List<Process> running = new ArrayList<>();
        for (Target target : cold) {
            running.add(new ProcessBuilder("wrk", "-t1", "-c16", "-d" + warmSeconds + "s", "-H", "Host: web", "http://127.0.0.1:" + target.port() + "/")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start());
        }
        for (Process each : running) {
            each.waitFor();
        }
    }

    /**
     * Markdown; CPU is that of a target's round with the least, the rate its best round's, p50 and p99 the lowest, and the median of all rounds'
     * p99. Each round begins with another target, so that none is always measured behind the same one. All rounds of a load come one after the
     * other: a JVM that gets another load in between compiles for it first, which no server that has run for a minute does.
     */
    String measure() throws IOException, InterruptedException {
        Map<Load, Map<Target, List<Measured>>> all = new LinkedHashMap<>();
        for (Load load : loads) {
            Map<Target, List<Measured>> results = new LinkedHashMap<>();
            targets.forEach(target -> results.put(target, new ArrayList<>()));
            all.put(load, results);
        }
        for (Load load : loads) {
            for (Target target : targets) {
                load.run(target, WARM_EACH_SECONDS);
            }
            for (int round = 0; round < rounds; round++) {
                List<Target> turn = new ArrayList<>(targets);
                Collections.rotate(turn, -round);
                for (Target target : turn) {
                    all.get(load).get(target).add(load.run(target, seconds));
                }
            }
        }
        StringBuilder text = new StringBuilder();
        all.forEach((load, results) -> text.append(table(load, results)));
        return text.toString();
    }

    private static String table(Load load, Map<Target, List<Measured>> results) {
        StringBuilder text = new StringBuilder("\n### " + load.name() + "\n\n"
                + "| | requests/s | of direct | p50 ms | p99 ms | p99 median | CPU ms per 1,000 | all rounds: CPU; p99 | wrong |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
        double direct = 0;
        for (Map.Entry<Target, List<Measured>> entry : results.entrySet()) {
            List<Measured> rounds = entry.getValue();
            Measured best = rounds.stream().min(Comparator.comparingDouble(Measured::cpuPerThousand)).orElseThrow();
            double rate = rounds.stream().mapToDouble(Measured::perSecond).max().orElseThrow();
            double p50 = rounds.stream().mapToDouble(Measured::p50).min().orElseThrow();
            double p99 = rounds.stream().mapToDouble(Measured::p99).min().orElseThrow();
            double median = rounds.stream().mapToDouble(Measured::p99).sorted().skip((rounds.size() - 1) / 2).findFirst().orElseThrow();
            direct = direct == 0 ? rate : direct;
            StringBuilder each = new StringBuilder();
            rounds.forEach(m -> each.append(String.format(Locale.ROOT, "%.1f; %.1f  ", m.cpuPerThousand(), m.p99())));
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %,.0f | %.2f | %.2f | %.2f | %.2f | %.1f | %s | %d |%n",
                    entry.getKey().name(),
                    rate,
                    rate / direct,
                    p50,
                    p99,
                    median,
                    best.cpuPerThousand(),
                    each.toString().trim(),
                    rounds.stream().mapToLong(Measured::wrong).sum()));
        }
        return text.toString();
    }

    static String machine() throws IOException {
        return "* when: " + Instant.now().truncatedTo(ChronoUnit.MINUTES) + "\n* machine: "
                + Runtime.getRuntime().availableProcessors() + " processors seen, load "
                + Files.readString(Path.of("/proc/loadavg")).split(" ", -1)[0] + " before, Java " + Runtime.version() + "\n";
    }
}
