package io.finback.verification.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Many jobs on one master, its own process with the journal of every day: how fast they are taken, listed, searched and there again after a
 * SIGKILL, and what they cost while none is due. Usage: {@code JobsBench DIRECTORY [JOBS]}; prints one line per figure. Nothing is asserted: a
 * machine that is busy is slow, so the processors' time is measured beside the clock's.
 */
public final class JobsBench {
    private static final int CLIENTS = 8;
    private static final int IDLE_SECONDS = 10;
    private static final int TICKS_PER_SECOND = 100;

    private JobsBench() {}

    public static void main(String[] args) throws Exception {
        if (args.length < 1 || args.length > 2) {
            System.err.println("usage: JobsBench DIRECTORY [JOBS]");
            System.exit(2);
        }
        int count = args.length == 2 ? Integer.parseInt(args[1]) : 10_000;
        try (ClusterProcesses cluster = new ClusterProcesses(Files.createDirectories(Path.of(args[0])))) {
            ClusterProcesses.NodeProcess master = cluster.master();
            cluster.awaitReady(master);
            ServicesClient services = new ServicesClient(cluster.servicesPort);
            double before = cpuSeconds(master.pid());
            long begin = System.nanoTime();
            post(services, count);
            print("taken", begin, count + " jobs, master's processor time " + since(before, master));
            for (int i = 0; i < 3; i++) {
                long list = System.nanoTime();
                int bytes = services.get("/v1/scheduler/jobs").text().length();
                print("GET jobs", list, bytes + " bytes");
                long summary = System.nanoTime();
                services.get("/v1/scheduler/jobs/summary");
                print("GET jobs/summary", summary, "");
                long search = System.nanoTime();
                services.get("/v1/scheduler/jobs/search?name=job-77&limit=10");
                print("GET jobs/search", search, "");
            }
            double idle = cpuSeconds(master.pid());
            TimeUnit.SECONDS.sleep(IDLE_SECONDS);
            System.out.printf(
                    Locale.ROOT,
                    "idle: %.1f %% of a processor%n",
                    (cpuSeconds(master.pid()) - idle) * 100 / IDLE_SECONDS);
            cluster.kill9(master);
            long restart = System.nanoTime();
            cluster.restart(master);
            cluster.awaitReady(master);
            print("ready after SIGKILL", restart, "processor time " + since(0, master));
            System.out.println(
                    "jobs then: " + services.get("/v1/scheduler/jobs").body().size());
        }
    }

    private static void post(ServicesClient services, int count) throws InterruptedException {
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        AtomicInteger next = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        for (int c = 0; c < CLIENTS; c++) {
            clients.execute(() -> {
                for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                    String job = "{\"name\":\"job-" + i
                            + "\",\"command\":\"true\",\"schedule\":\"R/2099-01-01T00:00:00Z/PT1H\"}";
                    int number = i;
                    Waiting.until(
                            "job " + i,
                            Duration.ofMinutes(1),
                            () -> {
                                int status = services.send("POST", "/v1/scheduler/iso8601", java.util.Optional.of(job))
                                        .status();
                                refused.addAndGet(status == 204 ? 0 : 1);
                                return status == 204;
                            },
                            () -> Integer.toString(number));
                }
            });
        }
        clients.shutdown();
        if (!clients.awaitTermination(10, TimeUnit.MINUTES)) {
            throw new AssertionError("not all jobs were taken");
        }
        System.out.println("asked again: " + refused);
    }

    private static void print(String what, long begin, String more) {
        System.out.printf(Locale.ROOT, "%s: %.0f ms %s%n", what, (System.nanoTime() - begin) / 1e6, more);
    }

    private static String since(double before, ClusterProcesses.NodeProcess node) throws IOException {
        return String.format(Locale.ROOT, "%.1f s", cpuSeconds(node.pid()) - before);
    }

    private static double cpuSeconds(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return (Double.parseDouble(fields[11]) + Double.parseDouble(fields[12])) / TICKS_PER_SECOND;
    }
}
