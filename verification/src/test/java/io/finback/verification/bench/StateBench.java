package io.finback.verification.bench;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import com.google.errorprone.annotations.FormatMethod;
import com.typesafe.config.ConfigFactory;
import io.finback.controlplane.allocation.AllocatorMeter;
import io.finback.controlplane.allocation.OperatorCommand;
import io.finback.controlplane.allocation.OperatorReply;
import io.finback.controlplane.allocator.AgentRecord;
import io.finback.controlplane.allocator.AgentSpec;
import io.finback.controlplane.allocator.AllocatorEvent;
import io.finback.controlplane.allocator.AllocatorState;
import io.finback.controlplane.allocator.ClientSpec;
import io.finback.controlplane.allocator.Explanation;
import io.finback.controlplane.allocator.OfferBook;
import io.finback.controlplane.allocator.OfferPolicy;
import io.finback.controlplane.allocator.Offered;
import io.finback.controlplane.framework.CallAnswer;
import io.finback.controlplane.mesosapi.ClusterApi;
import io.finback.controlplane.mesosapi.ClusterApiParts;
import io.finback.controlplane.mesosapi.ClusterApiSettings;
import io.finback.controlplane.mesosapi.MasterIdentity;
import io.finback.controlplane.mesosapi.OperatorCommands;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.EventLog;
import io.finback.controlplane.view.LargeView;
import io.finback.resources.FrameworkId;
import io.finback.security.Rules;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How long {@code /state} takes, alone and with pollers, and how much pollers slow the allocator. Prints beside Mesos' published figures;
 * those are from other machines (docs/benchmarks.md). Arguments: agents, tasks, pollers; default 20000 200000 20. Server and clients
 * share this process and its processors, which makes every figure worse than it is.
 */
public final class StateBench {
    private static final int FRAMEWORKS = 5;

    private final LargeView large;
    private final AtomicReference<ClusterSnapshot> view = new AtomicReference<>();
    private final int port;

    private StateBench(LargeView large, ActorSystem<Void> system, ExecutorService reads) throws Exception {
        this.large = large;
        view.set(large.snapshot());
        MasterIdentity self = new MasterIdentity("bench", "127.0.0.1", 5050, "bench", Instant.now());
        ClusterApi api = ClusterApi.create(new ClusterApiParts(
                view::get,
                () -> self,
                Clock.systemUTC(),
                reads,
                new ClusterApiSettings(1000, 1 << 20, Duration.ofSeconds(5), 1000, 1000, 10),
                new TreeMap<>(),
                new EventLog(1000),
                nobody(),
                Rules.NONE,
                Set.of(),
                new AllocatorMeter(),
                system));
        ServerBinding binding = Http.get(system)
                .newServerAt("127.0.0.1", 0)
                .bind(api::answer)
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
        port = binding.localAddress().getPort();
    }

    public static void main(String[] args) throws Exception {
        int agents = args.length > 0 ? Integer.parseInt(args[0]) : 20_000;
        int tasks = args.length > 1 ? Integer.parseInt(args[1]) : 200_000;
        int pollers = args.length > 2 ? Integer.parseInt(args[2]) : 20;
        ActorSystem<Void> system = ActorSystem.create(
                Behaviors.empty(),
                "bench",
                ConfigFactory.parseString("akka.loglevel=WARNING").withFallback(ConfigFactory.load()));
        ExecutorService reads = Executors.newFixedThreadPool(2);
        try {
            say(
                    "%d agents, %d tasks, %d processors, JDK %s",
                    agents, tasks, Runtime.getRuntime().availableProcessors(), System.getProperty("java.version"));
            new StateBench(new LargeView(agents, FRAMEWORKS, tasks), system, reads).run(agents, pollers);
        } finally {
            reads.shutdownNow();
            system.terminate();
        }
    }

    private void run(int agents, int pollers) throws Exception {
        say("| what | p50 ms | p90 ms | max ms | MB | Mesos, published |");
        say("| --- | --- | --- | --- | --- | --- |");
        row("/state, first of all", measure(1, () -> get("/state", false)), "");
        row("/state, nothing changed", measure(20, () -> get("/state", false)), "3,100 (1.7)");
        row("/state, 1 % of tasks changed", measure(20, changed(() -> get("/state", false))), "3,100 (1.7)");
        row("/state gzipped, first", measure(1, () -> get("/state", true)), "");
        row("/state gzipped, nothing changed", measure(20, () -> get("/state", true)), "");
        row("/state gzipped, 1 % changed", measure(20, changed(() -> get("/state", true))), "");
        row(
                "GET_STATE JSON, first",
                measure(1, () -> post("application/json", "{\"type\":\"GET_STATE\"}".getBytes(StandardCharsets.UTF_8))),
                "9,620 (1.10)");
        row(
                "GET_STATE JSON, 1 % changed",
                measure(
                        10,
                        changed(() ->
                                post("application/json", "{\"type\":\"GET_STATE\"}".getBytes(StandardCharsets.UTF_8)))),
                "9,620 (1.10)");
        row(
                "GET_STATE protobuf, first",
                measure(1, () -> post("application/x-protobuf", new byte[] {8, 9})),
                "5,730 (1.10)");
        row(
                "GET_STATE protobuf, 1 % changed",
                measure(10, changed(() -> post("application/x-protobuf", new byte[] {8, 9}))), "5,730 (1.10)");
        row("/state-summary, 1 % changed", measure(10, changed(() -> get("/state-summary", false))), "");
        row("/tasks?limit=100", measure(10, changed(() -> get("/tasks", false))), "");
        row("/metrics/snapshot, 1 % changed", measure(10, changed(() -> get("/metrics/snapshot", false))), "");
        double[] copies = new double[50];
        for (int i = 0; i < copies.length; i++) {
            long start = System.nanoTime();
            large.change(500);
            view.set(large.snapshot());
            copies[i] = (System.nanoTime() - start) / 1e6;
        }
        row("view: 500 changes folded in and published", new Times(copies, 0), "");
        offers(agents, pollers);
    }

    /** Passes after one change, on one thread, while nobody polls and while everybody does. */
    private void offers(int agents, int pollers) throws Exception {
        Offers loop = new Offers(large, agents);
        loop.rate(Duration.ofSeconds(3));
        say("");
        say(
                "| pollers of /state (gzipped; 0.1 %% of tasks change every second) | offers/s | of it | poll p50 ms | poll max ms |");
        say("| --- | --- | --- | --- | --- |");
        double alone = withPollers(loop, 0, Duration.ZERO, 0);
        withPollers(loop, pollers, Duration.ofSeconds(10), alone);
        withPollers(loop, pollers, Duration.ofSeconds(2), alone);
        withPollers(loop, pollers, Duration.ZERO, alone);
    }

    private double withPollers(Offers loop, int pollers, Duration pause, double alone) throws Exception {
        AtomicBoolean on = new AtomicBoolean(true);
        List<Double> times = new ArrayList<>();
        ExecutorService clients = Executors.newCachedThreadPool();
        CountDownLatch stop = new CountDownLatch(1);
        for (int i = 0; i < pollers; i++) {
            int index = i;
            clients.execute(() -> poll(on, stop, index, pollers, pause, times));
        }
        clients.execute(() -> {
            while (on.get()) {
                large.change(200);
                view.set(large.snapshot());
                await(stop, Duration.ofSeconds(1));
            }
        });
        double rate = loop.rate(Duration.ofSeconds(20));
        on.set(false);
        stop.countDown();
        clients.shutdown();
        var unused = clients.awaitTermination(60, TimeUnit.SECONDS);
        double[] polled = times.stream().mapToDouble(each -> each).sorted().toArray();
        String every = pause.isZero() ? "without pause" : "every " + pause.toSeconds() + " s each";
        say(
                "| %s | %,.0f | %s | %s | %s |",
                pollers == 0 ? "none" : pollers + ", " + every,
                rate,
                alone == 0 ? "100 %" : String.format("%.0f %%", 100 * rate / alone),
                polled.length == 0 ? "" : String.format("%,.0f", polled[polled.length / 2]),
                polled.length == 0 ? "" : String.format("%,.0f", polled[polled.length - 1]));
        return rate;
    }

    private void poll(
            AtomicBoolean on, CountDownLatch stop, int index, int pollers, Duration pause, List<Double> times) {
        await(stop, pause.multipliedBy(index).dividedBy(pollers));
        while (on.get()) {
            long start = System.nanoTime();
            try {
                var unused = get("/state", true);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
            synchronized (times) {
                times.add((System.nanoTime() - start) / 1e6);
            }
            await(stop, pause);
        }
    }

    private static void await(CountDownLatch stop, Duration pause) {
        try {
            var unused = stop.await(pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Request changed(Request request) {
        return () -> {
            large.change(2_000);
            view.set(large.snapshot());
            return request.send();
        };
    }

    private long get(String path, boolean gzip) throws IOException {
        return exchange(
                "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        + (gzip ? "Accept-Encoding: gzip\r\n" : "") + "\r\n",
                new byte[0]);
    }

    private long post(String type, byte[] body) throws IOException {
        return exchange(
                "POST /api/v1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: " + type + "\r\nAccept: " + type
                        + "\r\nContent-Length: " + body.length + "\r\n\r\n",
                body);
    }

    /** Bytes of the whole response, over a connection of its own; nothing is decoded. */
    private long exchange(String head, byte[] body) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            OutputStream out = socket.getOutputStream();
            out.write(head.getBytes(StandardCharsets.US_ASCII));
            out.write(body);
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[256 * 1024];
            int first = in.read(buffer);
            String status = new String(buffer, 0, Math.min(first, 15), StandardCharsets.US_ASCII);
            if (!status.startsWith("HTTP/1.1 200")) {
                throw new IOException(status);
            }
            long total = first;
            for (int read = in.read(buffer); read > 0; read = in.read(buffer)) {
                total += read;
            }
            return total;
        }
    }

    private interface Request {
        long send() throws IOException;
    }

    @SuppressWarnings("ArrayRecordComponent") // looked at once and thrown away
    private record Times(double[] millis, long bytes) {}

    private static Times measure(int times, Request request) throws IOException {
        double[] millis = new double[times];
        long bytes = 0;
        for (int i = 0; i < times; i++) {
            long start = System.nanoTime();
            bytes = request.send();
            millis[i] = (System.nanoTime() - start) / 1e6;
        }
        return new Times(millis, bytes);
    }

    private static void row(String what, Times times, String published) {
        double[] sorted = times.millis().clone();
        Arrays.sort(sorted);
        say(
                "| %s | %,.1f | %,.1f | %,.1f | %,.1f | %s |",
                what,
                sorted[sorted.length / 2],
                sorted[Math.min(sorted.length - 1, sorted.length * 9 / 10)],
                sorted[sorted.length - 1],
                times.bytes() / 1e6,
                published);
    }

    @FormatMethod
    private static void say(String format, Object... args) {
        System.out.println(String.format(format, args));
    }

    private static OperatorCommands nobody() {
        return new OperatorCommands() {
            @Override
            public CompletionStage<OperatorReply> operate(OperatorCommand command) {
                return CompletableFuture.completedFuture(new OperatorReply.Done());
            }

            @Override
            public CompletionStage<Explanation> explain(String role, Optional<FrameworkId> framework) {
                return CompletableFuture.failedFuture(new IllegalStateException("nobody is here"));
            }

            @Override
            public CompletionStage<CallAnswer> teardown(FrameworkId framework) {
                return CompletableFuture.completedFuture(new CallAnswer.Done());
            }
        };
    }

    /** The allocator's rule, one change at a time: an offer comes back, and the agent is offered again. */
    @SuppressWarnings("CheckReturnValue") // what is withdrawn is of no interest here
    private static final class Offers {
        private final AllocatorState state = new AllocatorState();
        private final OfferBook book = new OfferBook("bench", new OfferPolicy(Duration.ofDays(1), 10, 32_000));
        private final List<AgentSpec> specs = new ArrayList<>();
        private final Instant now = Instant.now();
        private int next;

        Offers(LargeView large, int agents) {
            List<AgentRecord> records = new ArrayList<>();
            for (int i = 0; i < agents; i++) {
                specs.add(large.spec(i));
                records.add(AgentRecord.admitted(large.spec(i), now));
            }
            state.apply(new AllocatorEvent(
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    records,
                    List.of(),
                    Map.of(),
                    List.of(),
                    Optional.empty(),
                    List.of(),
                    1));
            specs.forEach(spec -> book.setOfferable(spec.id(), true));
            for (int f = 0; f < FRAMEWORKS; f++) {
                book.join(FrameworkId.of("f" + f), ClientSpec.of("role" + f, false));
            }
            book.pass(state, now);
        }

        /** Offers made a second. */
        double rate(Duration time) {
            long start = System.nanoTime();
            long end = start + time.toNanos();
            long made = 0;
            while (System.nanoTime() < end) {
                for (int i = 0; i < 100; i++) {
                    AgentSpec spec = specs.get(next++ % specs.size());
                    for (Offered offer : List.copyOf(book.offersOn(spec.id()))) {
                        book.remove(offer.framework(), List.of(offer.id()));
                    }
                    book.touch(spec.id());
                    made += book.pass(state, now).size();
                }
            }
            return made / ((System.nanoTime() - start) / 1e9);
        }
    }
}
