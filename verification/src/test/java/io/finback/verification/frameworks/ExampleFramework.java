package io.finback.verification.frameworks;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs short tasks until each has finished, through whatever happens to masters and agents. Usage: {@code ExampleFramework json|protobuf
 * URL TASKS COMMAND}, where the command is given {@code $TASK}, the number of the task. A task is launched under one id until its end is
 * known; only when Mesos says that it never ran (lost, dropped, in error) it gets another id. One thread reads events and makes calls.
 */
public final class ExampleFramework {
    static final double CPUS = 0.1;
    static final double MEM = 32;

    private static final Duration CALL_LIMIT = Duration.ofSeconds(20);
    private static final Duration PAUSE = Duration.ofMillis(250);
    private static final int MISSED_HEARTBEATS = 5;
    /** Small accepts, so that a run takes long enough for something to happen in it. */
    private static final int AT_ONCE = 20;

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
    private final Wire wire;
    private final URI uri;
    private final String command;
    private final int count;

    /** Numbers of tasks that nobody is running. */
    private final Deque<Integer> pending = new ArrayDeque<>();
    /** Ids that were launched (or may have been) and whose end is not known. */
    private final Map<String, Integer> open = new HashMap<>();

    private final Set<Integer> finished = new HashSet<>();
    private final Map<Integer, Integer> attempts = new HashMap<>();
    private final List<String> failures = new ArrayList<>();
    private Optional<String> frameworkId = Optional.empty();
    private String streamId = "";
    private int subscriptions;

    private ExampleFramework(Wire wire, URI uri, int count, String command) {
        this.wire = wire;
        this.uri = uri;
        this.count = count;
        this.command = command;
        for (int number = 0; number < count; number++) {
            pending.add(number);
        }
    }

    public static void main(String[] args) {
        if (args.length != 4) {
            System.err.println("usage: ExampleFramework json|protobuf URL TASKS COMMAND");
            System.exit(2);
        }
        Wire wire = args[0].equals("json") ? new JsonWire() : new ProtobufWire();
        URI uri = URI.create(args[1] + "/api/v1/scheduler");
        ExampleFramework framework = new ExampleFramework(wire, uri, Integer.parseInt(args[2]), args[3]);
        framework.run();
        System.out.println("done finished=" + framework.finished.size() + " failed=" + framework.failures.size()
                + " subscriptions=" + framework.subscriptions);
        framework.failures.forEach(failure -> System.out.println("failed " + failure));
        System.exit(framework.failures.isEmpty() ? 0 : 1);
    }

    private void run() {
        while (finished.size() + failures.size() < count) {
            try {
                subscribeAndWork();
            } catch (IOException e) {
                System.out.println("disconnected " + e.getMessage());
                LockSupport.parkNanos(PAUSE.toNanos());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void subscribeAndWork() throws IOException, InterruptedException {
        HttpResponse<InputStream> response = http.send(
                post(wire.subscribe("example-" + wire.mediaType(), frameworkId))
                        .header("Accept", wire.mediaType())
                        .build(),
                HttpResponse.BodyHandlers.ofInputStream());
        if (response.statusCode() != 200) {
            response.body().close();
            throw new IOException("SUBSCRIBE: " + response.statusCode());
        }
        streamId = response.headers().firstValue("Mesos-Stream-Id").orElseThrow();
        subscriptions++;
        try (InputStream in = response.body();
                Watchdog watchdog = new Watchdog(in)) {
            while (finished.size() + failures.size() < count) {
                Wire.Event event = wire.read(record(in));
                watchdog.heard();
                handle(event, watchdog);
            }
            call(wire.teardown(id()));
        }
    }

    private void handle(Wire.Event event, Watchdog watchdog) throws IOException, InterruptedException {
        switch (event.type()) {
            case "SUBSCRIBED" -> {
                frameworkId = Optional.of(event.frameworkId());
                watchdog.limit(Duration.ofMillis((long) (event.heartbeatSeconds() * 1000 * MISSED_HEARTBEATS)));
                System.out.println("subscribed " + event.frameworkId());
                // What was launched before may have ended, or never have begun.
                if (!open.isEmpty()) {
                    call(wire.reconcile(id(), List.copyOf(open.keySet())));
                }
                call(wire.revive(id()));
            }
            case "OFFERS" -> {
                for (Wire.Offer offer : event.offers()) {
                    use(offer);
                }
            }
            case "UPDATE" -> update(event.status().orElseThrow());
            case "ERROR" -> throw new IOException("ERROR " + event.message());
            default -> {
                // Heartbeats; and rescinded offers, which answer with TASK_LOST when used.
            }
        }
    }

    private void use(Wire.Offer offer) throws IOException, InterruptedException {
        int room = (int) Math.min(Math.floor(offer.cpus() / CPUS + 1e-6), Math.floor(offer.mem() / MEM + 1e-6));
        List<Wire.Task> tasks = new ArrayList<>();
        while (tasks.size() < Math.min(room, AT_ONCE) && !pending.isEmpty()) {
            int number = pending.remove();
            String id = "task-" + number + "-" + attempts.merge(number, 1, Integer::sum);
            open.put(id, number);
            tasks.add(new Wire.Task(id, "TASK=" + number + "; " + command));
        }
        if (tasks.isEmpty()) {
            call(wire.decline(id(), offer.id(), pending.isEmpty() ? 5 : 0.1));
        } else {
            call(wire.accept(id(), offer, tasks));
        }
    }

    private void update(Wire.Status status) throws IOException, InterruptedException {
        Integer number = open.get(status.task());
        if (number != null) {
            switch (status.state()) {
                case "TASK_FINISHED" -> {
                    open.remove(status.task());
                    finished.add(number);
                }
                case "TASK_LOST", "TASK_DROPPED", "TASK_UNKNOWN" -> {
                    open.remove(status.task());
                    again(number, status);
                }
                case "TASK_FAILED", "TASK_KILLED", "TASK_ERROR", "TASK_GONE", "TASK_GONE_BY_OPERATOR" -> {
                    open.remove(status.task());
                    failures.add(status.task() + " " + status.state() + " " + status.message());
                }
                default -> {
                    // Still on its way.
                }
            }
        }
        if (!status.uuid().isEmpty()) {
            call(wire.acknowledge(id(), status));
        }
    }

    /** It never ran: another id, as the old one may be known. */
    private void again(int number, Wire.Status status) throws IOException, InterruptedException {
        System.out.println("again " + status.task() + " " + status.state() + " " + status.message());
        boolean first = pending.isEmpty();
        pending.add(number);
        if (first) {
            call(wire.revive(id()));
        }
    }

    private String id() {
        return frameworkId.orElseThrow();
    }

    /** A call that is not taken ends the subscription: what became of it is asked after the next one. */
    private void call(byte[] body) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(
                post(body)
                        .header("Mesos-Stream-Id", streamId)
                        .timeout(CALL_LIMIT)
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 202) {
            throw new IOException("call: " + response.statusCode() + " " + response.body());
        }
    }

    private HttpRequest.Builder post(byte[] body) {
        return HttpRequest.newBuilder(uri)
                .header("Content-Type", wire.mediaType())
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    }

    /** RecordIO: the length in decimal, a newline, that many bytes. */
    private static byte[] record(InputStream in) throws IOException {
        ByteArrayOutputStream digits = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("the stream ended");
            }
            digits.write(next);
        }
        byte[] record = in.readNBytes(Integer.parseInt(digits.toString(java.nio.charset.StandardCharsets.US_ASCII)));
        if (record.length == 0) {
            throw new IOException("the stream ended");
        }
        return record;
    }

    /** Closes the stream when too many heartbeats are missing. */
    private static final class Watchdog implements AutoCloseable {
        private final Thread thread;
        private volatile long heardAt = System.nanoTime();
        private volatile long limit = Duration.ofSeconds(75).toNanos();

        Watchdog(InputStream in) {
            thread = new Thread(() -> watch(in), "watchdog");
            thread.setDaemon(true);
            thread.start();
        }

        void heard() {
            heardAt = System.nanoTime();
        }

        void limit(Duration silence) {
            limit = silence.toNanos();
        }

        private void watch(InputStream in) {
            while (!Thread.currentThread().isInterrupted()) {
                LockSupport.parkNanos(PAUSE.toNanos());
                if (System.nanoTime() - heardAt > limit) {
                    try {
                        in.close();
                    } catch (IOException e) {
                        // It is closed, one way or the other.
                    }
                    return;
                }
            }
        }

        @Override
        public void close() {
            thread.interrupt();
        }
    }
}
