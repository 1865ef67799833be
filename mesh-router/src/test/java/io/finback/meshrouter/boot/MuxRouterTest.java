package io.finback.meshrouter.boot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.twitter.finagle.Dtab;
import com.twitter.finagle.Failure$;
import com.twitter.finagle.ListeningServer;
import com.twitter.finagle.context.Contexts;
import com.twitter.finagle.mux.Request;
import com.twitter.finagle.mux.Requests;
import com.twitter.finagle.mux.Response;
import com.twitter.finagle.mux.Responses;
import com.twitter.io.Bufs;
import com.twitter.util.Await;
import com.twitter.util.Duration;
import com.twitter.util.Future;
import com.twitter.util.Promise;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Context.Delegation;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.mux.Mux;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A router with {@code protocol: mux} between Finagle's own clients and servers. */
@Timeout(120)
@SuppressWarnings("deprecation") // Bufs are what Java can say of Finagle's buffers
class MuxRouterTest {
    private static final Duration LONG = Duration.fromSeconds(20);

    @TempDir
    Path directory;

    private final List<AutoCloseable> open = new ArrayList<>();

    private interface Handler {
        Future<Response> handle(Request request) throws Exception;
    }

    @AfterEach
    void close() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private String finagle(Handler handler) {
        ListeningServer server =
                com.twitter.finagle.Mux.serve("127.0.0.1:0", new com.twitter.finagle.Service<Request, Response>() {
                    @Override
                    public Future<Response> apply(Request request) {
                        try {
                            return handler.handle(request);
                        } catch (Exception e) {
                            return Future.exception(e);
                        }
                    }
                });
        open.add(() -> Await.result(server.close(Duration.fromMilliseconds(100)), LONG));
        return "/$/inet/127.0.0.1/" + ((InetSocketAddress) server.boundAddress()).getPort();
    }

    private static Future<Response> say(String text) {
        return Future.value(Responses.make(Bufs.utf8Buf(text)));
    }

    private TestRouter router(String dtab, String... more) throws IOException {
        TestRouter router = TestRouter.linkerd(
                directory.resolve("linkerd.yaml"),
                "admin: {port: 0, shutdownGraceMs: 10000}\nrouters:\n- protocol: mux\n  experimental: true\n  label: m\n"
                        + "  dtab: " + dtab + "\n  servers: [{port: 0}]\n" + String.join("\n", more));
        open.add(router);
        return router;
    }

    private com.twitter.finagle.Service<Request, Response> client(TestRouter router) {
        com.twitter.finagle.Service<Request, Response> client =
                com.twitter.finagle.Mux.newService("127.0.0.1:" + router.port());
        open.add(() -> Await.result(client.close(), LONG));
        return client;
    }

    private static Request to(String path, String body) {
        return Requests.make(com.twitter.finagle.Path.read(path), Bufs.utf8Buf(body));
    }

    private static String text(Future<Response> reply) throws Exception {
        return Bufs.asUtf8String(Await.result(reply, LONG).body());
    }

    @Test
    void callsGoWhereTheirDestinationSays() throws Exception {
        String web = finagle(request -> say("web " + Bufs.asUtf8String(request.body())));
        String users =
                finagle(request -> say("users at " + request.destination().show()));
        TestRouter router = router("/svc/web => " + web + "; /svc/users => " + users);
        com.twitter.finagle.Service<Request, Response> client = client(router);
        List<Future<Response>> replies = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            replies.add(client.apply(to("/web", "call " + i)));
        }
        for (int i = 0; i < 300; i++) {
            assertThat(text(replies.get(i))).isEqualTo("web call " + i);
        }
        assertThat(text(client.apply(to("/users", "")))).isEqualTo("users at /users");
        assertThat(text(client.apply(to("/users/x/y", ""))))
                .as("what the bound name has left comes first")
                .isEqualTo("users at /x/y/users/x/y");
        assertThatThrownBy(() -> text(client.apply(to("/nobody", ""))))
                .hasMessageContaining("Unable to route request!")
                .hasMessageContaining("/svc/nobody");
        assertThat(router.metric("rt/m/service/svc/web/requests")).isEqualTo(300);
        assertThat(router.metric("rt/m/client/" + web.substring(1) + "/success"))
                .isEqualTo(300);
        assertThat(router.metric("rt/m/server/127.0.0.1/" + router.port() + "/requests"))
                .isEqualTo(303);
        assertThat(router.metric("rt/m/server/127.0.0.1/" + router.port() + "/connections"))
                .isEqualTo(1);
    }

    @Test
    void whatTravelsWithCallsIsForwardedAndTheirDtabRoutes() throws Exception {
        BlockingQueue<String> seen = new ArrayBlockingQueue<>(10);
        String web = finagle(request -> say("web"));
        String other = finagle(request -> {
            seen.add(Dtab.local().show());
            seen.add(String.valueOf(
                    com.twitter.finagle.context.Deadline.current().isDefined()));
            seen.add(com.twitter.finagle.tracing.Trace.id().traceId().toString());
            return say("other");
        });
        TestRouter router = router("/svc/web => " + web);
        com.twitter.finagle.Service<Request, Response> client = client(router);
        Future<Response> delegated = Dtab.unwind(() -> {
            Dtab.setLocal(Dtab.read("/svc/web => " + other));
            return Contexts.broadcast()
                    .let(
                            com.twitter.finagle.context.Deadline$.MODULE$,
                            com.twitter.finagle.context.Deadline.ofTimeout(Duration.fromSeconds(30)),
                            () -> client.apply(to("/web", "")));
        });
        assertThat(text(delegated)).isEqualTo("other");
        assertThat(seen.take()).isEqualTo("/svc/web=>" + other);
        assertThat(seen.take()).isEqualTo("true");
        assertThat(seen.take()).hasSize(16);
        assertThat(text(client.apply(to("/web", "")))).isEqualTo("web");

        BlockingQueue<Context> contexts = new ArrayBlockingQueue<>(10);
        try (var ours = Mux.server().serve("127.0.0.1:0", (body, context) -> {
            contexts.add(context);
            return CompletableFuture.completedFuture(body);
        })) {
            Service<byte[], byte[]> raw = Mux.client().newService("127.0.0.1:" + router.port(), "raw");
            Context context = Context.EMPTY
                    .withDestination("/web")
                    .withEntry("nobody.knows.this", "value".getBytes(UTF_8))
                    .withDelegations(List.of(new Delegation("/svc/web", "/$/inet/127.0.0.1/" + ours.port())));
            assertThat(raw.call("x".getBytes(UTF_8), context).get(java.time.Duration.ofSeconds(20)))
                    .isEqualTo("x".getBytes(UTF_8));
            assertThat(contexts.take().entry("nobody.knows.this")).contains("value".getBytes(UTF_8));
        }
    }

    @Test
    void nacksAreSentAgainAndErrorsAreNot() throws Exception {
        AtomicInteger refused = new AtomicInteger();
        AtomicInteger broken = new AtomicInteger();
        String refusing = finagle(request -> {
            refused.incrementAndGet();
            return Future.exception(Failure$.MODULE$.rejected("not now"));
        });
        String breaking = finagle(request -> {
            broken.incrementAndGet();
            throw new IllegalStateException("broken inside");
        });
        TestRouter router = router("/svc/broken => " + breaking + "; /svc/refused => " + refusing);
        com.twitter.finagle.Service<Request, Response> client = client(router);
        assertThatThrownBy(() -> text(client.apply(to("/broken", "")))).hasMessageContaining("broken inside");
        assertThat(broken).hasValue(1);
        assertThatThrownBy(() -> text(client.apply(to("/refused", "")))).isNotNull();
        assertThat(refused.get())
                .as("tried again within the budget, then given up")
                .isGreaterThan(1)
                .isLessThanOrEqualTo(101);
        assertThat(router.metric("rt/m/service/svc/refused/retries/total")).isEqualTo(refused.get() - 1);
    }

    @Test
    void anotherInstanceGetsWhatOneRefuses() throws Exception {
        String refusing = finagle(request -> Future.exception(Failure$.MODULE$.rejected("not now")));
        String well = finagle(request -> say("well"));
        java.nio.file.Files.createDirectories(directory.resolve("disco"));
        java.nio.file.Files.writeString(
                directory.resolve("disco/web"),
                refusing.replaceAll(".*/", "127.0.0.1 ") + "\n" + well.replaceAll(".*/", "127.0.0.1 ") + "\n");
        TestRouter router = router(
                "/svc => /#/io.l5d.fs", "namers: [{kind: io.l5d.fs, rootDir: " + directory.resolve("disco") + "}]");
        com.twitter.finagle.Service<Request, Response> client = client(router);
        for (int i = 0; i < 50; i++) {
            assertThat(text(client.apply(to("/web", "")))).isEqualTo("well");
        }
        assertThat(router.metric("rt/m/client/#/io.l5d.fs/web/failure_accrual/removals"))
                .as("five refusals in a row")
                .isEqualTo(1);
    }

    @Test
    void discardsReachTheInstance() throws Exception {
        BlockingQueue<String> events = new ArrayBlockingQueue<>(10);
        String slow = finagle(request -> {
            Promise<Response> never = new Promise<>();
            never.setInterruptHandler(new scala.runtime.AbstractPartialFunction<Throwable, scala.runtime.BoxedUnit>() {
                @Override
                public boolean isDefinedAt(Throwable why) {
                    return true;
                }

                @Override
                public <A extends Throwable, B> B applyOrElse(A why, scala.Function1<A, B> otherwise) {
                    events.add("interrupted");
                    never.setException(why);
                    return null;
                }
            });
            events.add("begun");
            return never;
        });
        TestRouter router = router("/svc/slow => " + slow);
        Future<Response> reply = client(router).apply(to("/slow", ""));
        assertThat(events.poll(20, TimeUnit.SECONDS)).isEqualTo("begun");
        reply.raise(new Exception("nobody waits"));
        assertThat(events.poll(20, TimeUnit.SECONDS)).isEqualTo("interrupted");
        TestRouter.await(
                "the call has ended", () -> router.metric("rt/m/server/127.0.0.1/" + router.port() + "/load") == 0);
    }

    @Test
    void aStopLosesNoCall() throws Exception {
        Promise<Response> held = new Promise<>();
        BlockingQueue<String> begun = new ArrayBlockingQueue<>(10);
        String slow = finagle(request -> {
            begun.add("begun");
            return held;
        });
        TestRouter router = router("/svc/slow => " + slow);
        Future<Response> reply = client(router).apply(to("/slow", ""));
        assertThat(begun.poll(20, TimeUnit.SECONDS)).isNotNull();
        var stopping = router.node.stop().toCompletableFuture();
        assertThat(stopping).isNotDone();
        held.setValue(Responses.make(Bufs.utf8Buf("late")));
        assertThat(text(reply)).isEqualTo("late");
        stopping.get(20, TimeUnit.SECONDS);
    }

    @Test
    void tooManyAtOnceAreRefusedAsNotProcessed() throws Exception {
        BlockingQueue<Promise<Response>> held = new ArrayBlockingQueue<>(10);
        String slow = finagle(request -> {
            Promise<Response> promise = new Promise<>();
            held.add(promise);
            return promise;
        });
        TestRouter router = TestRouter.linkerd(
                directory.resolve("linkerd.yaml"),
                "admin: {port: 0}\nrouters:\n- protocol: mux\n  experimental: true\n  dtab: /svc/slow => " + slow
                        + "\n  servers: [{port: 0, maxConcurrentRequests: 1, timeoutMs: 300}]\n");
        open.add(router);
        Service<byte[], byte[]> raw = Mux.client().newService("127.0.0.1:" + router.port(), "raw");
        Context slowly = Context.EMPTY.withDestination("/slow");
        var first = raw.call(new byte[0], slowly);
        Promise<Response> one = held.poll(20, TimeUnit.SECONDS);
        assertThat(one).isNotNull();
        assertThatThrownBy(() -> raw.call(new byte[0], slowly).get(java.time.Duration.ofSeconds(20)))
                .hasMessageContaining("Nacked");
        assertThatThrownBy(() -> first.get(java.time.Duration.ofSeconds(20)))
                .hasMessageContaining("timeout of PT0.3S exceeded");
    }
}
