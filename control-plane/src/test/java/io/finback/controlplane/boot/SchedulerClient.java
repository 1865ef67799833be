package io.finback.controlplane.boot;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.mesos.v1.Encoding;
import io.finback.mesos.v1.Limits;
import io.finback.mesos.v1.RecordIo;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.mesos.v1.Protos.FrameworkID;
import org.apache.mesos.v1.Protos.FrameworkInfo;
import org.apache.mesos.v1.scheduler.Protos.Call;
import org.apache.mesos.v1.scheduler.Protos.Event;

/** A framework's side of the scheduler API over real sockets, in either encoding. */
final class SchedulerClient {
    static final Duration PATIENCE = Duration.ofSeconds(15);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();
    private final URI uri;
    final Encoding encoding;
    private String authorization = "";

    SchedulerClient(int port, Encoding encoding) {
        this.uri = URI.create("http://127.0.0.1:" + port + "/api/v1/scheduler");
        this.encoding = encoding;
    }

    /** Every request says who it is. */
    @CanIgnoreReturnValue
    SchedulerClient as(String principal, String secret) {
        authorization = "Basic " + Base64.getEncoder().encodeToString((principal + ":" + secret).getBytes(UTF_8));
        return this;
    }

    static FrameworkInfo.Builder info(String name) {
        return FrameworkInfo.newBuilder().setUser("root").setName(name).setFailoverTimeout(3600);
    }

    static Call subscribeCall(FrameworkInfo info) {
        Call.Builder call = Call.newBuilder()
                .setType(Call.Type.SUBSCRIBE)
                .setSubscribe(Call.Subscribe.newBuilder().setFrameworkInfo(info));
        if (info.hasId()) {
            call.setFrameworkId(info.getId());
        }
        return call.build();
    }

    HttpRequest.Builder request() {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(PATIENCE);
        return authorization.isEmpty() ? request : request.header("Authorization", authorization);
    }

    HttpResponse<String> send(HttpRequest request) {
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Posts bytes as they are. */
    HttpResponse<String> post(byte[] body, String... headers) {
        HttpRequest.Builder request = request().POST(HttpRequest.BodyPublishers.ofByteArray(body));
        return send(
                headers.length == 0 ? request.build() : request.headers(headers).build());
    }

    HttpResponse<String> post(String body, String... headers) {
        return post(body.getBytes(UTF_8), headers);
    }

    HttpResponse<String> call(Call call, String... headers) {
        String[] all = new String[headers.length + 2];
        all[0] = "Content-Type";
        all[1] = encoding.mediaType();
        System.arraycopy(headers, 0, all, 2, headers.length);
        return post(encoding.write(call), all);
    }

    Stream subscribe(FrameworkInfo info) {
        return subscribe(subscribeCall(info));
    }

    Stream subscribe(Call call) {
        HttpRequest.Builder asked = HttpRequest.newBuilder(uri);
        if (!authorization.isEmpty()) {
            asked.header("Authorization", authorization);
        }
        HttpRequest request = asked.header("Content-Type", encoding.mediaType())
                .header("Accept", encoding.mediaType())
                .POST(HttpRequest.BodyPublishers.ofByteArray(encoding.write(call)))
                .build();
        try {
            HttpResponse<InputStream> response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
            if (response.statusCode() != 200) {
                throw new AssertionError("SUBSCRIBE: " + response.statusCode() + " "
                        + new String(response.body().readAllBytes(), UTF_8));
            }
            return new Stream(response);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** An open subscription. */
    final class Stream implements AutoCloseable {
        final String streamId;
        final String contentType;
        final FrameworkID framework;
        private final InputStream in;
        private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
        private final Queue<Event> skipped = new ArrayDeque<>();
        private final List<Event> passedOver = new ArrayList<>();
        private final Thread reader;
        private volatile boolean ended;
        private SchedulerClient caller = SchedulerClient.this;

        private Stream(HttpResponse<InputStream> response) {
            this.streamId = response.headers().firstValue("Mesos-Stream-Id").orElse("");
            this.contentType = response.headers().firstValue("Content-Type").orElse("");
            this.in = response.body();
            this.reader = new Thread(this::read, "subscriber");
            reader.setDaemon(true);
            reader.start();
            Event first = next(event -> true);
            if (first.getType() != Event.Type.SUBSCRIBED) {
                this.framework = FrameworkID.getDefaultInstance();
                skipped.add(first);
            } else {
                this.framework = first.getSubscribed().getFrameworkId();
                skipped.add(first);
            }
        }

        private void read() {
            RecordIo.Decoder decoder = new RecordIo.Decoder(100_000_000);
            byte[] buffer = new byte[64 * 1024];
            try {
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    for (byte[] record : decoder.feed(java.util.Arrays.copyOf(buffer, n))) {
                        events.add(encoding.read(record, Event.getDefaultInstance(), Limits.DEFAULT));
                    }
                }
            } catch (Exception e) {
                // The stream broke off: what came, came.
            }
            ended = true;
        }

        /** The first event since the last one that was asked for. */
        Event next() {
            return next(event -> true);
        }

        Event await(Event.Type type) {
            return next(event -> event.getType() == type);
        }

        /** Events before it are passed over. */
        Event next(Predicate<Event> wanted) {
            while (!skipped.isEmpty()) {
                Event event = skipped.remove();
                if (wanted.test(event)) {
                    return event;
                }
                passedOver.add(event);
            }
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            try {
                while (System.nanoTime() < deadline) {
                    Event event = events.poll(50, TimeUnit.MILLISECONDS);
                    if (event == null && ended && events.isEmpty()) {
                        throw new AssertionError("the stream has ended");
                    }
                    if (event != null && wanted.test(event)) {
                        return event;
                    }
                    if (event != null) {
                        passedOver.add(event);
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            throw new AssertionError("no such event; passed over: " + passedOver);
        }

        /** What was passed over may be asked for again. */
        void rewind() {
            skipped.addAll(passedOver);
            passedOver.clear();
        }

        /** True once the server has closed the stream. */
        boolean awaitEnd() {
            try {
                reader.join(PATIENCE.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return ended;
        }

        HttpResponse<String> call(Call.Builder call) {
            return caller.call(call.setFrameworkId(framework).build(), "Mesos-Stream-Id", streamId);
        }

        /** From now on calls go this way; events come as before. */
        Stream through(SchedulerClient other) {
            caller = other;
            return this;
        }

        /** A call that must be taken. */
        @CanIgnoreReturnValue
        HttpResponse<String> take(Call.Builder call) {
            HttpResponse<String> response = call(call);
            if (response.statusCode() != 202) {
                throw new AssertionError(call.getType() + ": " + response.statusCode() + " " + response.body());
            }
            return response;
        }

        @Override
        public void close() {
            try {
                in.close();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
