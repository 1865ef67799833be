package io.finback.verification.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * The targets of the allocator by CPU time of the thread that runs the pass, for machines that are not quiet: the same pools as the JMH
 * benchmarks, without their runner. Prints rows of a table: the least, the median and the 90th percentile of what was measured after
 * warming up. Garbage collection and the JIT run on other threads and are not in it.
 */
public final class CpuTimes {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private CpuTimes() {}

    private interface Step {
        void run();
    }

    public static void main(String[] arguments) throws IOException {
        System.out.printf(
                Locale.ROOT,
                "%d processors, load %s, Java %s%n%n",
                Runtime.getRuntime().availableProcessors(),
                Files.readString(Path.of("/proc/loadavg")).split(" ", -1)[0],
                Runtime.version());
        System.out.println("| what | agents x frameworks | least | median | p90 | target | Mesos, wall |");
        System.out.println("| --- | --- | --- | --- | --- | --- | --- |");
        oneChange(10_000, "1 ms");
        oneChange(50_000, "");
        fullPass(10_000, 1_000, "50 ms", "1,100 ms");
        fullPass(20_000, 2_000, "150 ms", "3,800 ms");
        declined(10_000, 1_000, "1,060 ms");
        quotas();
    }

    private static void fullPass(int agents, int frameworks, String target, String mesos) {
        FullPassBench bench = new FullPassBench();
        bench.agents = agents;
        bench.frameworks = frameworks;
        bench.pool();
        row("full pass", agents + " x " + frameworks, target, mesos, 12, 15, bench::newBook, () -> used(bench.pass()));
    }

    private static void declined(int agents, int frameworks, String mesos) {
        DeclineOffersBench bench = new DeclineOffersBench();
        bench.agents = agents;
        bench.frameworks = frameworks;
        bench.pool();
        row("all offers declined", agents + " x " + frameworks, "", mesos, 20, 30, bench::decline, () ->
                used(bench.round()));
    }

    private static void oneChange(int agents, String target) {
        OneChangeBench bench = new OneChangeBench();
        bench.agents = agents;
        bench.pool();
        String size = agents + " x 1000";
        row("one offer returns", size, target, "", 5_000, 5_000, () -> {}, () -> used(bench.oneOfferReturns()));
        row("one framework revives", size, target, "", 5_000, 5_000, () -> {}, () -> used(bench.oneFrameworkRevives()));
    }

    private static void quotas() {
        QuotaBench bench = new QuotaBench();
        bench.pool();
        row("LargeAndSmallQuota, 3,500 allocations", "4000 x 3000", "", "15,500 ms", 8, 10, bench::books, () ->
                used(bench.allocations()));
        row("LargeAndSmallQuota, idle cycle", "4000 x 3000", "", "13,800 ms", 8, 10, bench::books, () ->
                used(bench.idleCycle()));
    }

    private static void row(
            String what, String size, String target, String mesos, int warming, int measured, Step before, Step step) {
        double[] micros = new double[measured];
        for (int i = -warming; i < measured; i++) {
            before.run();
            long start = THREADS.getCurrentThreadCpuTime();
            step.run();
            if (i >= 0) {
                micros[i] = (THREADS.getCurrentThreadCpuTime() - start) / 1e3;
            }
        }
        Arrays.sort(micros);
        System.out.printf(
                Locale.ROOT,
                "| %s | %s | %s | %s | %s | %s | %s |%n",
                what,
                size,
                time(micros[0]),
                time(micros[measured / 2]),
                time(micros[measured * 9 / 10]),
                target,
                mesos);
    }

    private static String time(double micros) {
        return micros < 1_000
                ? String.format(Locale.ROOT, "%.1f us", micros)
                : String.format(Locale.ROOT, "%.1f ms", micros / 1e3);
    }

    private static void used(java.util.List<?> made) {
        if (made.size() > 10_000_000) {
            throw new IllegalStateException("more offers than agents");
        }
    }
}
