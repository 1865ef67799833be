package io.finback.meshrouter.namers;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.finback.meshrouter.boot.TestRouter;
import io.finback.meshrouter.namers.FarEnd.Answer;
import io.finback.names.Address;
import io.finback.names.NotYetKnown;
import io.finback.names.Path;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Watches end when nobody needs them, outlive far ends that fall silent, and do not ask more often than is good. */
@Timeout(60)
class WatchLifeTest {
    @TempDir
    java.nio.file.Path directory;

    private Streams streams = Usual.streams();
    private final Changes changes = new Changes();

    @AfterEach
    void close() {
        streams.close();
    }

    private static String endpoints(int port) {
        return "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{\"subsets\":[{\"addresses\":[{\"ip\":\"10.0.0.1\"}],"
                + "\"ports\":[{\"name\":\"http\",\"port\":" + port + "}]}]}]}";
    }

    private NameSource k8s(FarEnd far) {
        return K8sNamer.start(
                Path.parse("/#/k"), "127.0.0.1", far.port(), Optional.empty(), Optional.empty(), streams, changes);
    }

    private static String known(NameSource source, String id) {
        try {
            return source.lookup(Path.parse(id))
                    .show(name -> source.addresses(Path.parse(id)).orElseThrow().get().stream()
                            .map(Address::toString)
                            .toList()
                            .toString());
        } catch (NotYetKnown e) {
            return "pending";
        }
    }

    private static void await(NameSource source, String id, String expected) {
        TestRouter.await(expected, () -> known(source, id).equals(expected));
    }

    @Test
    void aNamerThatIsClosedWhileItListsWatchesNothing() throws IOException {
        CountDownLatch closed = new CountDownLatch(1);
        try (FarEnd far = new FarEnd(uri -> {
            if (uri.contains("watch=true")) {
                return Answer.stream(new LinkedBlockingQueue<>());
            }
            try {
                boolean unused = !uri.contains("first") || closed.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return Answer.of(endpoints(80));
        })) {
            NameSource first = k8s(far);
            assertThat(known(first, "/#/k/prod/http/first")).isEqualTo("pending");
            TestRouter.await("listing", () -> far.requests.size() == 1);
            first.close();
            closed.countDown();
            NameSource second = k8s(far);
            for (int i = 0; i < 5; i++) {
                await(second, "/#/k/prod/http/web" + i, "[10.0.0.1:80]");
            }
            assertThat(far.requests).noneMatch(uri -> uri.contains("first") && uri.contains("watch=true"));
            assertThat(streams.watches()).isEqualTo(5);
        }
    }

    @Test
    void aStreamThatFellSilentIsBegunAnew() throws IOException {
        streams.close();
        streams = Usual.streams(Duration.ofMillis(200));
        AtomicReference<String> items = new AtomicReference<>(endpoints(80));
        try (FarEnd far = new FarEnd(uri ->
                uri.contains("watch=true") ? Answer.stream(new LinkedBlockingQueue<>()) : Answer.of(items.get()))) {
            NameSource source = k8s(far);
            await(source, "/#/k/prod/http/web", "[10.0.0.1:80]");
            // The stream says nothing of it, as one whose connection has died.
            items.set(endpoints(81));
            await(source, "/#/k/prod/http/web", "[10.0.0.1:81]");
            assertThat(streams.failures()).isZero();
        }
    }

    @Test
    void aConsulThatDoesNotBlockIsNotAskedWithoutPause() throws IOException {
        List<Long> asked = new CopyOnWriteArrayList<>();
        try (FarEnd far = new FarEnd(uri -> {
            asked.add(System.nanoTime());
            return Answer.of("[{\"Address\":\"10.0.0.1\",\"ServicePort\":80}]", "X-Consul-Index", "7");
        })) {
            NameSource source = ConsulNamer.start(
                    Path.parse("/#/c"),
                    new ConsulNamer.Options(
                            Origin.clear("127.0.0.1", far.port()),
                            false,
                            false,
                            Set.of("passing"),
                            Optional.empty(),
                            "default",
                            true,
                            Map.of()),
                    streams,
                    changes);
            await(source, "/#/c/.local/web", "[10.0.0.1:80]");
            TestRouter.await("asked again", () -> asked.size() >= 3);
            assertThat(asked.get(2) - asked.get(1))
                    .isGreaterThan(Duration.ofMillis(900).toNanos());
        }
    }

    @Test
    void aBadFileIsComplainedOfOnce() throws IOException {
        ListAppender<ILoggingEvent> said = new ListAppender<>();
        said.start();
        Logger logger = (Logger) LoggerFactory.getLogger(FsNamer.class);
        logger.addAppender(said);
        Files.writeString(directory.resolve("bad"), "10.0.0.1 nothing");
        NameSource source = FsNamer.start(Path.parse("/#/fs"), directory, changes);
        for (String good : List.of("one", "two", "three")) {
            // Each is seen by a look of its own.
            Files.writeString(directory.resolve(good), "10.0.0.1 80");
            await(source, "/#/fs/" + good, "[10.0.0.1:80]");
        }
        source.close();
        logger.detachAppender(said);
        assertThat(said.list.stream().map(ILoggingEvent::getFormattedMessage))
                .containsExactly(
                        "namer.fs_bad_file file=bad reason=line '10.0.0.1 nothing' (expected: host port [* weight])"
                                + " next=keep_what_is_known");
    }

    @Test
    void anAppOfMarathonComesBackWhereItWas() throws IOException {
        AtomicReference<Answer> app = new AtomicReference<>();
        Answer there = Answer.of(
                "{\"app\":{\"id\":\"/web\",\"tasks\":[{\"host\":\"h\",\"ports\":[80],\"state\":\"TASK_RUNNING\"}]}}");
        app.set(there);
        try (FarEnd far =
                new FarEnd(uri -> uri.contains("embed") ? app.get() : Answer.of("{\"apps\":[{\"id\":\"/web\"}]}"))) {
            NameSource source = MarathonNamer.start(
                    Path.parse("/#/m"),
                    new MarathonNamer.Options(Origin.clear("127.0.0.1", far.port()), "", Duration.ofMillis(20), false),
                    streams,
                    changes);
            await(source, "/#/m/web", "[h:80]");
            app.set(Answer.status(404));
            await(source, "/#/m/web", "~");
            app.set(there);
            await(source, "/#/m/web", "[h:80]");
        }
    }
}
