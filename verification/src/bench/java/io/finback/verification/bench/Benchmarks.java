package io.finback.verification.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Runs the allocator's benchmarks and writes their times, beside the figures Mesos has published, to {@code allocator.md}. */
public final class Benchmarks {
    /** Where Mesos' figures are from is in the file this writes. */
    private static final Map<String, String> MESOS = Map.ofEntries(
            Map.entry("FullPassBench.pass 5000 x 500", "400 ms"),
            Map.entry("FullPassBench.pass 10000 x 1000", "1,100 ms"),
            Map.entry("FullPassBench.pass 20000 x 2000", "3,800 ms"),
            Map.entry("DeclineOffersBench.round 10000 x 1000", "1,060 ms"),
            Map.entry("DeclineOffersBench.round 10000 x 3000", "2,500 ms"),
            Map.entry("QuotaBench.allocations", "15,500 ms"),
            Map.entry("QuotaBench.idleCycle", "13,800 ms"),
            Map.entry("QuotaBench.addFrameworks", "17,000 ms"));

    private Benchmarks() {}

    public static void main(String[] arguments) throws IOException, RunnerException {
        Path folder = Path.of(arguments[0]);
        String pattern = arguments.length > 1 ? arguments[1] : ".*";
        Collection<RunResult> results =
                new Runner(new OptionsBuilder().include(pattern).build()).run();
        Map<String, String> rows = new TreeMap<>();
        results.forEach(result -> rows.put(name(result), row(result)));
        StringBuilder text = new StringBuilder(head());
        rows.values().forEach(text::append);
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("allocator.md"), text);
    }

    private static String head() throws IOException {
        return """
                # Allocator benchmarks

                Written by `mvn verify -Pbench -DskipTests` (JMH; a single regular expression of names may be given with `-Dbench=…`). One pass of the
                pure allocator, no journal and no network; p90 beside the mean, as the machine may do other things.

                Mesos' figures are those its authors published: allocation cycle of 1.8 (read off a chart, blog of that release), DeclineOffers 1.7.1
                (commit 86653356d) and 2019 (commit 6abe32f08), LargeAndSmallQuota at 3,000 (commit 81e10fc02); other machines, so only the order of
                magnitude compares.

                * commit: %s
                * when: %s
                * machine: %s, %d processors seen, load %s, Java %s

                | benchmark | agents x frameworks | ours, mean | ours, p90 | Mesos |
                | --- | --- | --- | --- | --- |
                """
                .formatted(
                        output("git", "rev-parse", "--short", "HEAD"),
                        Instant.now().truncatedTo(ChronoUnit.MINUTES),
                        processor(),
                        Runtime.getRuntime().availableProcessors(),
                        Files.readString(Path.of("/proc/loadavg")).split(" ", -1)[0],
                        Runtime.version());
    }

    private static String name(RunResult result) {
        return simple(result) + " " + String.format(Locale.ROOT, "%8s %8s", parameter(result, "agents"), parameter(result, "frameworks"));
    }

    private static String row(RunResult result) {
        Result<?> primary = result.getPrimaryResult();
        String agents = parameter(result, "agents");
        String frameworks = parameter(result, "frameworks");
        String size = agents.isEmpty() ? "" : agents + (frameworks.isEmpty() ? " x 1000" : " x " + frameworks);
        return String.format(
                Locale.ROOT,
                "| %s | %s | %.3f %s | %.3f | %s |%n",
                simple(result),
                size,
                primary.getScore(),
                primary.getScoreUnit().replace("/op", ""),
                primary.getStatistics().getPercentile(90),
                MESOS.getOrDefault((simple(result) + " " + size).trim(), ""));
    }

    private static String simple(RunResult result) {
        String full = result.getParams().getBenchmark();
        int method = full.lastIndexOf('.');
        return full.substring(full.lastIndexOf('.', method - 1) + 1);
    }

    private static String parameter(RunResult result, String name) {
        String value = result.getParams().getParam(name);
        return value == null ? "" : value;
    }

    private static String processor() throws IOException {
        return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).trim())
                .findFirst()
                .orElse("unknown processor");
    }

    private static String output(String... command) throws IOException {
        Process process = new ProcessBuilder(List.of(command)).start();
        try (var reader = process.inputReader()) {
            String line = reader.readLine();
            return line == null ? "unknown" : line;
        }
    }
}
