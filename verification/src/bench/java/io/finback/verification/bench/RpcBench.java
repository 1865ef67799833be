package io.finback.verification.bench;

import com.sun.management.OperatingSystemMXBean;
import com.twitter.finagle.mux.Request;
import com.twitter.finagle.mux.Requests;
import com.twitter.finagle.mux.Response;
import com.twitter.finagle.mux.Responses;
import com.twitter.io.Buf;
import com.twitter.io.Bufs;
import com.twitter.util.Future;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.mux.Mux;
import io.finback.meshrouter.rpc.server.Server.Listening;
import java.io.BufferedReader;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.Collectors;

/**
 * Echo of 128 bytes over Mux, a client and a server in JVMs of their own: ours against Finagle's, in turns in one run, each with its whole
 * default stack and one connection; with {@code h2}, unary gRPC over HTTP/2 against gRPC-Java's on its direct executor. Says requests per second, latencies of the closed loop, and CPU of both JVMs per 1,000 requests.
 *
 * <p>{@code RpcBench [h2] [seconds of a measurement] [rounds]}; the first round warms up.
 */
public final class RpcBench {
    private static final int BODY_BYTES = 128;
    private static final int[] IN_FLIGHT = {1, 16, 64};
    private static final List<String> MUX = List.of("ours", "finagle");
    private static final List<String> H2 = List.of("ours h2", "gRPC-Java");

    private RpcBench() {}

    public static void main(String[] args) throws Exception {
        if (args.length > 1 && args[0].equals("server")) {
            server(args[1]);
        } else if (args.length > 2 && args[0].equals("client")) {
            client(args[1], Integer.parseInt(args[2]));
        } else {
            boolean h2 = args.length > 0 && args[0].equals("h2");
            int at = h2 ? 1 : 0;
            int seconds = args.length > at ? Integer.parseInt(args[at]) : 5;
            int rounds = args.length > at + 1 ? Integer.parseInt(args[at + 1]) : 4;
            compare(h2 ? H2 : MUX, seconds, rounds);
        }
    }

    /** Called until it is told to stop; then {@code done}. */
    interface Loop {
        void start(Runnable done);
    }

    private static void compare(List<String> peers, int seconds, int rounds) throws IOException {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        List<Pair> pairs = new ArrayList<>();
        try {
            for (String who : peers) {
                pairs.add(new Pair(who));
            }
            out.println("| in flight | who | requests/s | p50 µs | p99 µs | CPU ms per 1,000 requests: both | client | server |");
            out.println("| --- | --- | --- | --- | --- | --- | --- | --- |");
            for (int round = 0; round <= rounds; round++) {
                for (int inFlight : IN_FLIGHT) {
                    for (Pair pair : pairs) {
                        String line = pair.run(inFlight, round == 0 ? Math.max(8, seconds) : seconds);
                        if (round > 0) {
                            out.println(line);
                        }
                    }
                }
            }
        } finally {
            pairs.forEach(Pair::close);
        }
    }

    /** A client and its server. */
    private static final class Pair implements AutoCloseable {
        private final String who;
        private final Peer server;
        private final Peer client;

        Pair(String who) throws IOException {
            this.who = who;
            server = new Peer("server", who);
            client = new Peer("client", who, server.read());
            String ready = client.read();
            if (!ready.equals("ready")) {
                throw new IllegalStateException("client of " + who + ": " + ready);
            }
        }

        String run(int inFlight, int seconds) throws IOException {
            long before = Long.parseLong(server.ask("cpu"));
            String[] got = client.ask(inFlight + " " + seconds).split(" ", -1);
            long serverCpu = Long.parseLong(server.ask("cpu")) - before;
            double requests = Double.parseDouble(got[0]);
            double clientCpu = Double.parseDouble(got[3]);
            return String.format(
                    Locale.ROOT,
                    "| %d | %s | %.0f | %s | %s | %.1f | %.1f | %.1f |",
                    inFlight,
                    who,
                    requests / seconds,
                    got[1],
                    got[2],
                    (clientCpu + serverCpu) / 1e3 / requests,
                    clientCpu / 1e3 / requests,
                    serverCpu / 1e3 / requests);
        }

        @Override
        public void close() {
            client.close();
            server.close();
        }
    }

    private static final class Peer implements AutoCloseable {
        private final Process process;
        private final BufferedReader in;
        private final PrintWriter out;

        Peer(String... args) throws IOException {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xms256m",
                    "-Xmx256m",
                    "-XX:+UseParallelGC",
                    "--add-opens=java.base/java.nio=ALL-UNNAMED",
                    "-Dio.netty.tryReflectionSetAccessible=true",
                    "-cp",
                    withoutLogs(System.getProperty("java.class.path")),
                    RpcBench.class.getName()));
            command.addAll(List.of(args));
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            in = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            out = new PrintWriter(process.getOutputStream(), true, StandardCharsets.UTF_8);
        }

        /** A peer talks on its output, and a log that nobody has configured would, too. */
        private static String withoutLogs(String classPath) {
            return Arrays.stream(classPath.split(File.pathSeparator, -1))
                    .filter(entry -> !entry.contains("logback"))
                    .collect(Collectors.joining(File.pathSeparator));
        }

        String read() throws IOException {
            String line = in.readLine();
            if (line == null) {
                throw new IOException("a peer has ended");
            }
            return line;
        }

        String ask(String line) throws IOException {
            out.println(line);
            return read();
        }

        @Override
        public void close() {
            process.destroy();
        }
    }

    private static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static void server(String who) throws IOException {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        int port;
        if (who.equals("ours")) {
            Listening server = Mux.server().withLabel("echo").serve("127.0.0.1:0", Service.of(body -> body));
            port = server.port();
        } else if (who.equals("ours h2")) {
            port = GrpcEcho.serveOurs();
        } else if (who.equals("gRPC-Java")) {
            port = GrpcEcho.serveGrpc();
        } else {
            var server = com.twitter.finagle.Mux.serve(
                    "127.0.0.1:0", new com.twitter.finagle.Service<Request, Response>() {
                        @Override
                        public Future<Response> apply(Request request) {
                            return Future.value(Responses.make(request.body()));
                        }
                    });
            port = ((InetSocketAddress) server.boundAddress()).getPort();
        }
        out.println(port);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        while (in.readLine() != null) {
            out.println(cpuNanos());
        }
    }

    private static void client(String who, int port) throws Exception {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        byte[] body = new byte[BODY_BYTES];
        Loop loop =
                switch (who) {
                    case "ours" -> ours(port, body);
                    case "ours h2" -> GrpcEcho.ours(port, body);
                    case "gRPC-Java" -> GrpcEcho.grpc(port, body);
                    default -> finagle(port, body);
                };
        out.println("ready");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", -1);
            out.println(measure(loop, Integer.parseInt(words[0]), Integer.parseInt(words[1])));
        }
    }

    private static Loop ours(int port, byte[] body) {
        Service<byte[], byte[]> client = Mux.client().newService("127.0.0.1:" + port, "echo");
        return done -> client.call(body).onDone((value, failure) -> {
            if (failure != null || value.length != BODY_BYTES) {
                throw new IllegalStateException("echo failed", failure);
            }
            done.run();
        });
    }

    private static Loop finagle(int port, byte[] body) {
        com.twitter.finagle.Service<Request, Response> client =
                com.twitter.finagle.Mux.newService("127.0.0.1:" + port, "echo");
        Buf buf = Bufs.ownedBuf(body);
        return done -> client.apply(Requests.make(buf)).respond(new scala.runtime.AbstractFunction1<>() {
            @Override
            public scala.runtime.BoxedUnit apply(com.twitter.util.Try<Response> answer) {
                if (answer.isThrow() || answer.get().body().length() != BODY_BYTES) {
                    throw new IllegalStateException("echo failed");
                }
                done.run();
                return scala.runtime.BoxedUnit.UNIT;
            }
        });
    }

    /** Requests, p50 and p99 in microseconds, CPU nanoseconds. */
    private static String measure(Loop loop, int inFlight, int seconds) throws InterruptedException {
        AtomicLongArray histogram = new AtomicLongArray(100_000);
        AtomicLong requests = new AtomicLong();
        long cpu = cpuNanos();
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        CountDownLatch ended = new CountDownLatch(inFlight);
        for (int i = 0; i < inFlight; i++) {
            next(loop, histogram, requests, end, ended);
        }
        ended.await();
        return requests.get() + " " + percentile(histogram, 0.5) + " " + percentile(histogram, 0.99) + " "
                + (cpuNanos() - cpu);
    }

    private static void next(Loop loop, AtomicLongArray histogram, AtomicLong requests, long end, CountDownLatch ended) {
        long start = System.nanoTime();
        loop.start(() -> {
            long now = System.nanoTime();
            histogram.getAndIncrement((int) Math.min(histogram.length() - 1, (now - start) / 1_000));
            requests.getAndIncrement();
            if (now < end) {
                next(loop, histogram, requests, end, ended);
            } else {
                ended.countDown();
            }
        });
    }

    private static long percentile(AtomicLongArray histogram, double fraction) {
        long count = 0;
        for (int i = 0; i < histogram.length(); i++) {
            count += histogram.get(i);
        }
        long seen = 0;
        for (int i = 0; i < histogram.length(); i++) {
            seen += histogram.get(i);
            if (seen >= count * fraction) {
                return i;
            }
        }
        return histogram.length();
    }
}
