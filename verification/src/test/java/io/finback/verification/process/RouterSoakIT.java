package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToLongFunction;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A router that is delivered and used for a long time, with all that comes and goes around one: kept and new connections, bodies small and large,
 * more names than it keeps, instances that are added and taken away every second, that answer 503, late, or break off. What it holds at the end has
 * to be what it held after the first third. Its instances close no kept connection on their own ({@code sun.net.httpserver.maxIdleConnections}): a
 * POST that meets such a close is lost with any proxy. {@code -Psoak} for half an hour; {@code -Dsoak.minutes} for another time, a minute and a half otherwise.
 */
@Tag("process")
@Timeout(value = 3, unit = TimeUnit.HOURS)
final class RouterSoakIT {
    private static final double MINUTES = Double.parseDouble(System.getProperty("soak.minutes", "1.5"));
    private static final int CLIENTS = 8;
    /** Above the 1,000 names that a router keeps. */
    private static final int NAMES = 1_500;

    private static final Duration PAUSE = Duration.ofMillis(4);
    private static final byte[] LARGE = "0123456789abcdef".repeat(4_096).getBytes(StandardCharsets.US_ASCII);
    private static final Pattern USED =
            Pattern.compile("(?:def new generation|tenured generation) +total \\d+K, used (\\d+)K");

    @TempDir
    private Path dir;

    private final List<HttpServer> instances = new ArrayList<>();
    private final AtomicLong answered = new AtomicLong();
    private final AtomicReference<String> wrong = new AtomicReference<>("");
    private volatile boolean over;

    /** What the process holds: kilobytes, open files, threads. */
    private record Sample(long resident, long heap, long files, long threads) {}

    @Test
    void holdsAtTheEndWhatItHeldAtTheBeginning() throws Exception {
        Path names = Files.createDirectory(dir.resolve("names"));
        int port = RouterProcess.freePort();
        RouterProcess router = new RouterProcess(dir, yaml(names, port, RouterProcess.freePort()));
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            for (int i = 0; i < 3; i++) {
                instances.add(instance());
            }
            name(names, 3);
            URI target = URI.create("http://127.0.0.1:" + port);
            awaitAnswer(target, router);
            for (int i = 0; i < CLIENTS; i++) {
                int seed = i;
                threads.execute(() -> call(target, new Random(seed)));
            }
            long began = System.nanoTime();
            long lasts = (long) (MINUTES * 60e9);
            List<Sample> samples = new ArrayList<>();
            for (int i = 0; System.nanoTime() - began < lasts; i++) {
                name(names, 1 + i % 3);
                LockSupport.parkNanos(1_000_000_000);
                assertThat(router.isAlive())
                        .as("the router, after " + answered + " answers")
                        .isTrue();
                assertThat(wrong.get()).isEmpty();
                if (i % 10 == 9) {
                    samples.add(sample(router.pid()));
                }
            }
            over = true;
            threads.shutdown();
            assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
            assertThat(wrong.get()).isEmpty();
            judge(samples);
        } finally {
            over = true;
            threads.shutdownNow();
            router.close();
            instances.forEach(server -> server.stop(0));
        }
    }

    private void judge(List<Sample> samples) {
        int third = samples.size() / 3;
        List<Sample> middle = samples.subList(third, 2 * third);
        List<Sample> last = samples.subList(samples.size() - third, samples.size());
        System.err.printf(
                "soak: %.1f minutes, %d answers; medians of the second and the last third: resident %d and %d MB, live heap %d and %d KB, open files %d"
                        + " and %d, threads %d and %d%n",
                MINUTES,
                answered.get(),
                median(middle, Sample::resident) / 1_024,
                median(last, Sample::resident) / 1_024,
                median(middle, Sample::heap),
                median(last, Sample::heap),
                median(middle, Sample::files),
                median(last, Sample::files),
                median(middle, Sample::threads),
                median(last, Sample::threads));
        assertThat(answered.get()).isGreaterThan((long) (MINUTES * 60 * 50));
        assertThat(median(last, Sample::heap))
                .as("live heap, KB")
                .isLessThan(median(middle, Sample::heap) * 11 / 10 + 2_048);
        assertThat(median(last, Sample::resident))
                .as("resident, KB")
                .isLessThan(median(middle, Sample::resident) * 21 / 20 + 4_096);
        assertThat(median(last, Sample::files)).as("open files").isLessThan(median(middle, Sample::files) + 32);
        assertThat(median(last, Sample::threads)).as("threads").isLessThan(median(middle, Sample::threads) + 4);
    }

    private static long median(List<Sample> samples, ToLongFunction<Sample> what) {
        long[] sorted = samples.stream().mapToLong(what).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    /** One client, that begins anew now and then: with a new connection, for the JDK's client cannot be closed before it is collected. */
    private void call(URI target, Random random) {
        HttpClient kept =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        while (!over) {
            String path = List.of("/small", "/small", "/large", "/late", "/unwell", "/breaks")
                    .get(random.nextInt(6));
            boolean posts = path.equals("/small") && random.nextBoolean();
            HttpRequest.Builder request = HttpRequest.newBuilder(target.resolve(path))
                    .timeout(Duration.ofSeconds(20))
                    .header("l5d-name", "/svc/n" + random.nextInt(NAMES));
            if (random.nextInt(10) == 0) {
                request.header("l5d-ctx-own", "x".repeat(random.nextInt(2_000)));
            }
            if (posts) {
                request.POST(
                        HttpRequest.BodyPublishers.ofByteArray(Arrays.copyOf(LARGE, random.nextInt(LARGE.length))));
            }
            try {
                if (random.nextInt(300) == 0) {
                    kept = HttpClient.newBuilder()
                            .version(HttpClient.Version.HTTP_1_1)
                            .build();
                }
                HttpResponse<byte[]> response = kept.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
                answered.incrementAndGet();
                if (!path.equals("/unwell") && !path.equals("/breaks")) {
                    check(path, response);
                }
            } catch (IOException e) {
                // 503 is tried again a hundred times at once, as Linkerd does: on a busy machine longer than this
                // client waits.
                if (!path.equals("/breaks") && !path.equals("/unwell") && !over) {
                    wrong.compareAndSet("", path + ": " + e);
                }
            } catch (InterruptedException e) {
                return;
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }

    private void check(String path, HttpResponse<byte[]> response) {
        byte[] expected = path.equals("/large") ? LARGE : path.getBytes(StandardCharsets.US_ASCII);
        if (response.statusCode() != 200 || !Arrays.equals(response.body(), expected)) {
            wrong.compareAndSet(
                    "",
                    path + ": " + response.statusCode() + ", " + response.body().length + " bytes: "
                            + new String(
                                    response.body(), 0, Math.min(200, response.body().length), StandardCharsets.UTF_8));
        }
    }

    private HttpServer instance() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool(work -> {
            Thread thread = new Thread(work);
            thread.setDaemon(true);
            return thread;
        }));
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
                answer(exchange);
            }
        });
        server.start();
        return server;
    }

    private static void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        byte[] body = path.equals("/large") ? LARGE : path.getBytes(StandardCharsets.US_ASCII);
        if (path.equals("/late")) {
            LockSupport.parkNanos(20_000_000);
        }
        exchange.sendResponseHeaders(
                path.equals("/unwell") ? 503 : 200, path.equals("/breaks") ? 1_000_000 : body.length);
        exchange.getResponseBody().write(body);
    }

    /** So many of the instances, in one step, as io.l5d.fs wants it. */
    private void name(Path names, int many) throws IOException {
        StringBuilder lines = new StringBuilder();
        instances.subList(0, many).forEach(server -> lines.append("127.0.0.1 ")
                .append(server.getAddress().getPort())
                .append('\n'));
        Path next = dir.resolve("next");
        Files.writeString(next, lines);
        Files.move(next, names.resolve("web"), StandardCopyOption.ATOMIC_MOVE);
    }

    private static String yaml(Path names, int port, int admin) {
        return """
                admin: {ip: 127.0.0.1, port: %d}
                namers:
                - kind: io.l5d.fs
                  rootDir: %s
                routers:
                - protocol: http
                  identifier: {kind: io.l5d.header, header: l5d-name}
                  dtab: /svc/* => /#/io.l5d.fs/web
                  service:
                    responseClassifier: {kind: io.l5d.http.retryableRead5XX}
                  client:
                    loadBalancer: {kind: ewma}
                    failureAccrual: {kind: none}
                  servers:
                  - {ip: 127.0.0.1, port: %d}
                """.formatted(admin, names, port);
    }

    private void awaitAnswer(URI target, RouterProcess router) {
        HttpClient client = HttpClient.newHttpClient();
        HttpRequest request = HttpRequest.newBuilder(target.resolve("/small"))
                .header("l5d-name", "/svc/first")
                .build();
        Waiting.until(
                "the router answers",
                Duration.ofMinutes(3),
                () -> client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode() == 200,
                () -> router.isAlive() + " " + router.tail());
    }

    private static Sample sample(long pid) throws IOException, InterruptedException {
        Path process = Path.of("/proc", Long.toString(pid));
        String heap = jcmd(pid, "GC.run") + jcmd(pid, "GC.heap_info");
        long used = USED.matcher(heap)
                .results()
                .map(MatchResult::group)
                .map(found -> found.replaceAll(".*used (\\d+)K", "$1"))
                .mapToLong(Long::parseLong)
                .sum();
        assertThat(used).as(heap).isPositive();
        String status = Files.readString(process.resolve("status"));
        try (Stream<Path> files = Files.list(process.resolve("fd"))) {
            return new Sample(figure(status, "VmRSS"), used, files.count(), figure(status, "Threads"));
        }
    }

    private static long figure(String status, String name) {
        return status.lines()
                .filter(line -> line.startsWith(name + ":"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElseThrow();
    }

    private static String jcmd(long pid, String command) throws IOException, InterruptedException {
        Process run = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(pid), command)
                .redirectErrorStream(true)
                .start();
        String said = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        run.waitFor();
        return said;
    }
}
