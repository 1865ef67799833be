package io.finback.meshrouter.rpc.http1;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.twitter.finagle.Http;
import com.twitter.finagle.ListeningServer;
import com.twitter.finagle.http.Method;
import com.twitter.finagle.http.Request;
import com.twitter.finagle.http.Response;
import com.twitter.finagle.http.Status;
import com.twitter.finagle.tracing.Trace;
import com.twitter.io.Bufs;
import com.twitter.util.Await;
import com.twitter.util.Future;
import io.finback.meshrouter.Closing;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Deadline;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.Statistics;
import io.finback.meshrouter.rpc.TraceId;
import io.finback.meshrouter.rpc.client.Client;
import io.finback.meshrouter.rpc.h2.Body;
import io.finback.meshrouter.rpc.h2.H2Message;
import io.finback.meshrouter.rpc.server.Server.Listening;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Against Finagle's own HTTP 24.2.0, which nobody here wrote: our client with its server, and its client with ours. */
@Timeout(120)
@SuppressWarnings("deprecation") // Bufs are what Java can say of Finagle's buffers
class FinagleHttpTest {
    private static final com.twitter.util.Duration LONG = com.twitter.util.Duration.fromSeconds(30);

    @RegisterExtension
    final Closing open = new Closing();

    private final Statistics stats = new Statistics();

    private int finagle(Function<Request, Future<Response>> application) {
        ListeningServer server = Http.server()
                .serve("127.0.0.1:0", new com.twitter.finagle.Service<Request, Response>() {
                    @Override
                    public Future<Response> apply(Request request) {
                        return application.apply(request);
                    }
                });
        open.add(() -> {
            var unused = Await.result(server.close(), LONG);
        });
        return ((InetSocketAddress) server.boundAddress()).getPort();
    }

    /** Finagle takes seconds to begin with on a busy machine. */
    private Client<H2Message, H2Message> patient() {
        return Http1.client().withStats(stats).withConnectTimeout(Duration.ofSeconds(30));
    }

    private static com.twitter.finagle.Service<Request, Response> finagleClient(int port) {
        return Http.client().newService("127.0.0.1:" + port, "finagle");
    }

    @CanIgnoreReturnValue
    private static <T> T within(Reply<T> reply) throws Exception {
        return reply.get(Duration.ofSeconds(30));
    }

    private static byte[] whole(H2Message message) throws Exception {
        return within(Body.whole(message.body(), 100 << 20)).data().array();
    }

    private static Response response(Status status, byte[] body) {
        Response response = Response.apply(status);
        response.content(Bufs.ownedBuf(body));
        return response;
    }

    @Test
    void ourClientItsServer() throws Exception {
        int port = finagle(request -> {
            byte[] body = new byte[request.content().length()];
            request.content().write(body, 0);
            Response response = response(Status.Ok(), body);
            response.headerMap()
                    .set(
                            "seen",
                            request.method() + " " + request.uri() + " "
                                    + request.host().get());
            return Future.value(response);
        });
        Service<H2Message, H2Message> client = patient().newService("127.0.0.1:" + port, "web");
        byte[] large = new byte[1 << 20];
        new Random(1).nextBytes(large);
        for (int i = 0; i < 3; i++) {
            H2Message answer = within(client.call(H2Message.request("POST", "web", "/p?q=1", Body.of(large))));
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.headers().get("seen")).hasToString("POST /p?q=1 web");
            assertThat(whole(answer)).isEqualTo(large);
        }
        assertThat(stats.count("clnt/web/connects")).isEqualTo(1);
    }

    @Test
    void itsServerHearsOfTraceAndDeadline() throws Exception {
        int port = finagle(request -> Future.value(response(
                Status.Ok(),
                (Trace.id().traceId() + " "
                                + com.twitter.finagle.context.Deadline.current().isDefined())
                        .getBytes(UTF_8))));
        TraceId root = TraceId.root(new Random(2));
        H2Message answer = within(patient()
                .newService("127.0.0.1:" + port, "web")
                .call(
                        H2Message.request("GET", "web", "/", Body.EMPTY),
                        Context.EMPTY
                                .withTrace(root)
                                .withDeadline(
                                        Deadline.after(Duration.ofSeconds(60).toNanos(), Deadline.now()))));
        assertThat(new String(whole(answer), UTF_8)).isEqualTo(String.format("%016x", root.traceId()) + " true");
    }

    @Test
    void itsNacksAreSentAgain() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        int port = finagle(request -> calls.incrementAndGet() < 3
                ? Future.exception(com.twitter.finagle.Failure.rejected("full"))
                : Future.value(response(Status.Ok(), "now".getBytes(UTF_8))));
        H2Message answer = within(patient()
                .newService("127.0.0.1:" + port, "web")
                .call(H2Message.request("GET", "web", "/", Body.EMPTY)));
        assertThat(new String(whole(answer), UTF_8)).isEqualTo("now");
        assertThat(calls).hasValue(3);
    }

    @Test
    void itsClientOurServer() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        Listening server = open.add(Http1.server().serve("127.0.0.1:0", (request, context) -> {
            // Refused once: Finagle has to send it again.
            return calls.getAndIncrement() == 0
                    ? Reply.failed(Failure.rejected("full"))
                    : Reply.of(H2Message.response(200, request.body()));
        }));
        com.twitter.finagle.Service<Request, Response> client = finagleClient(server.port());
        byte[] large = new byte[1 << 20];
        new Random(3).nextBytes(large);
        for (int i = 0; i < 3; i++) {
            Request request = Request.apply(Method.Post(), "/p");
            request.host("web");
            request.content(Bufs.ownedBuf(large));
            Response answer = Await.result(client.apply(request), LONG);
            assertThat(answer.statusCode()).isEqualTo(200);
            byte[] body = new byte[answer.content().length()];
            answer.content().write(body, 0);
            assertThat(body).isEqualTo(large);
        }
        assertThat(calls).hasValue(4);
        var unused = Await.result(client.close(), LONG);
    }
}
