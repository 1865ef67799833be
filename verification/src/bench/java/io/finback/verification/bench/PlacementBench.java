package io.finback.verification.bench;

import io.finback.controlplane.placement.Assignment;
import io.finback.controlplane.placement.Candidate;
import io.finback.controlplane.placement.Placement;
import io.finback.controlplane.placement.Request;
import io.finback.controlplane.placement.Rule;
import io.finback.controlplane.placement.Spot;
import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * One cycle of placement, beside Netflix Fenzo with the same instances on the same offers in the same run. Usage: {@code PlacementBench
 * FOLDER [AGENTS]}; writes {@code placement.md}. Nothing is asserted. Fenzo runs once a workload (it takes long enough to be warm), we
 * run {@value #ROUNDS} times after {@value #WARM} that do not count.
 */
public final class PlacementBench {
    private static final int WARM = 10;
    private static final int ROUNDS = 21;
    private static final Rule ALONE = Rule.of("hostname", "UNIQUE", Optional.empty());

    private final StringBuilder rows = new StringBuilder();

    private final boolean withPeer;

    private PlacementBench(boolean withPeer) {
        this.withPeer = withPeer;
    }

    /** {@code FOLDER [AGENTS [alone]]}: {@code alone} leaves the peer out, which takes minutes. */
    public static void main(String[] args) throws IOException {
        int agents = args.length > 1 ? Integer.parseInt(args[1]) : 10_000;
        new PlacementBench(args.length < 3 || !args[2].equals("alone")).run(Path.of(args[0]), agents);
    }

    private void run(Path folder, int agents) throws IOException {
        List<Candidate> used = offers(agents);
        row("one instance each of " + agents + " apps", used, apps(agents, 1), true);
        row(agents / 100 + " apps of 100 instances", used, apps(agents / 100, 100), false);
        row("one app of " + agents + " instances", used, apps(1, agents), false);
        row("half more than fits: " + agents + " apps of 4 large instances", used, large(agents), false);
        List<Candidate> half = offers(agents / 2);
        row("10 apps of " + agents / 20 + ", at most one on a host", half, apps(10, agents / 20, ALONE), true);
        row("one app of " + agents / 2 + ", at most one on a host", half, apps(1, agents / 2, ALONE), false);
        row(
                "100 apps of " + agents / 200 + ", GROUP_BY rack and at most one on a host",
                half,
                apps(100, agents / 200, ALONE, Rule.of("rack", "GROUP_BY", Optional.of("10"))),
                false);
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("placement.md"), head() + rows);
    }

    private void row(String name, List<Candidate> offers, List<Request> requests, boolean peer) {
        double[] millis = new double[ROUNDS];
        double[] cpus = new double[ROUNDS];
        double first = 0;
        List<Assignment> placed = List.of();
        for (int round = -WARM; round < ROUNDS; round++) {
            long cpu = cpuNanos();
            long begin = System.nanoTime();
            placed = new Placement(offers, new SplittableRandom(1)).place(requests);
            double took = (System.nanoTime() - begin) / 1e6;
            if (round == -WARM) {
                first = took;
            }
            if (round >= 0) {
                millis[round] = took;
                cpus[round] = (cpuNanos() - cpu) / 1e6;
            }
        }
        Arrays.sort(millis);
        Arrays.sort(cpus);
        double median = millis[ROUNDS / 2];
        long hosts = placed.stream().map(a -> a.candidate().offer()).distinct().count();
        String theirs = "";
        if (peer && withPeer) {
            System.out.printf(Locale.ROOT, "ours: %.0f ms; now Fenzo%n", median);
            long cpu = cpuNanos();
            FenzoPeer.Done done = FenzoPeer.place(offers, requests);
            double theirCpu = (cpuNanos() - cpu) / 1e6;
            theirs = String.format(
                    Locale.ROOT,
                    "%,.0f ms (cpu %,.0f ms), %d on %d agents: %,.0f times ours (cpu %,.0f times)",
                    done.millis(),
                    theirCpu,
                    done.placed(),
                    done.hosts(),
                    done.millis() / median,
                    theirCpu / cpus[ROUNDS / 2]);
        }
        String row = String.format(
                Locale.ROOT,
                "| %s | %d | %.0f | %.0f | %.0f | %.0f | %d on %d agents | %,.0f | %s |%n",
                name,
                offers.size(),
                first,
                median,
                millis[ROUNDS * 9 / 10],
                cpus[ROUNDS / 2],
                placed.size(),
                hosts,
                placed.size() / median * 1000,
                theirs);
        System.out.print(row);
        rows.append(row);
    }

    /** Agents of 16 cpus and 64 GiB in racks of 40, of which a fifth to all is free. */
    private static List<Candidate> offers(int count) {
        Random random = new Random(1);
        List<Candidate> offers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            double free = 0.2 + 0.8 * random.nextDouble();
            offers.add(new Candidate(
                    OfferId.of("offer-" + i),
                    AgentId.of("agent-" + i),
                    new Spot("host-" + i, Map.of("rack", "rack-" + i / 40)),
                    Resources.of(Math.floor(16 * free), Math.floor(65_536 * free), 100_000)
                            .withPorts(Ranges.of(31_000, 32_000))));
        }
        return offers;
    }

    private static List<Request> apps(int count, int instances, Rule... rules) {
        Random random = new Random(2);
        List<Request> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            double cpus = instances > 1000 ? 0.5 : (1 + random.nextInt(40)) / 10.0;
            double mem = instances > 1000 ? 512 : 128 * (1 + random.nextInt(64));
            requests.add(request("/app-" + i, cpus, mem, instances, rules));
        }
        return requests;
    }

    private static List<Request> large(int count) {
        List<Request> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add(request("/large-" + i, 3 + i % 3, 6000 + i % 7, 4));
        }
        return requests;
    }

    private static Request request(String name, double cpus, double mem, int instances, Rule... rules) {
        List<String> ids = new ArrayList<>();
        for (int k = 0; k < instances; k++) {
            ids.add(name.substring(1) + "." + k);
        }
        return new Request(name, Resources.of(cpus, mem, 0), List.of(0), false, List.of(rules), ids, List.of());
    }

    /** Of all threads, collector and compiler included. */
    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static String head() throws IOException {
        return """
                # Placement

                Written by `PlacementBench` (`mvn verify -Pbench -DskipTests -Dbench=none` runs it alone). One cycle of the pure room: from the offers as they come to the
                decisions, ports chosen, the index built anew each time. Fenzo is 1.0.1 with `cpuMemBinPacker` and without shortfall evaluation, given
                the same instances and offers in the same run. Times in ms; first is the first cycle of that
                workload, in a cold JVM in the first row; cpu is the processors' time of the whole process in the median, which a busy machine lengthens
                less than the clock's.

                * when: %s
                * machine: %d processors seen, load %s, Java %s

                | workload | agents | first | median | p90 | cpu | placed | placements/s | Fenzo |
                | --- | --- | --- | --- | --- | --- | --- | --- | --- |
                """
                .formatted(
                        Instant.now().truncatedTo(ChronoUnit.MINUTES),
                        Runtime.getRuntime().availableProcessors(),
                        Files.readString(Path.of("/proc/loadavg")).split(" ", -1)[0],
                        Runtime.version());
    }
}
