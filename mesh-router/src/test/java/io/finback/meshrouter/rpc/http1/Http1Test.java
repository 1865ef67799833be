package io.finback.meshrouter.rpc.http1;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.sun.net.httpserver.HttpServer;
import io.finback.meshrouter.Closing;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Deadline;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.Statistics;
import io.finback.meshrouter.rpc.Verdict;
import io.finback.meshrouter.rpc.client.Client;
import io.finback.meshrouter.rpc.h2.Body;
import io.finback.meshrouter.rpc.h2.H2;
import io.finback.meshrouter.rpc.h2.H2Message;
import io.finback.meshrouter.rpc.server.Server;
import io.finback.meshrouter.rpc.server.Server.Listening;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/1.1 against ourselves, the JDK's client and server, and bytes that no library would send. */
@Timeout(60)
class Http1Test {
    private static final Duration LONG = Duration.ofSeconds(20);

    @RegisterExtension
    final Closing open = new Closing();

    private final Statistics stats = new Statistics();

    private Listening serve(Service<H2Message, H2Message> service) {
        return open.add(Http1.server().serve("127.0.0.1:0", service));
    }

    private Client<H2Message, H2Message> client() {
        return Http1.client().withStats(stats);
    }

    private Service<H2Message, H2Message> clientOf(int port) {
        return client().newService("127.0.0.1:" + port, "web");
    }

    @CanIgnoreReturnValue
    private static <T> T within(Reply<T> reply) throws Exception {
        return reply.get(LONG);
    }

    private static byte[] whole(H2Message message) throws Exception {
        return within(Body.whole(message.body(), 100 << 20)).data().array();
    }

    private static String text(H2Message message) throws Exception {
        return new String(whole(message), UTF_8);
    }

    private static H2Message get(String path) {
        return H2Message.request("GET", "web", path, Body.EMPTY);
    }

    private static H2Message post(Body body) {
        return H2Message.request("POST", "web", "/", body);
    }

    private static H2Message ok(String text) {
        return H2Message.response(200, Body.of(text.getBytes(UTF_8)));
    }

    private static Service<H2Message, H2Message> echo() {
        return Service.of(request -> H2Message.response(200, request.body()));
    }

    /** One piece after the other. */
    private static Body pieces(List<Body.Piece> all) {
        ArrayDeque<Body.Piece> left = new ArrayDeque<>(all);
        return () -> Reply.of(left.remove());
    }

    // --- calls ---

    @Test
    void callsShareAConnectionOneBehindTheOther() throws Exception {
        Service<H2Message, H2Message> client = clientOf(serve(echo()).port());
        for (int i = 0; i < 20; i++) {
            assertThat(text(within(client.call(post(Body.of(("call " + i).getBytes(UTF_8)))))))
                    .isEqualTo("call " + i);
            assertThat(text(within(client.call(get("/"))))).isEmpty();
        }
        assertThat(stats.count("clnt/web/connects")).isEqualTo(1);
    }

    @Test
    void bodiesStreamBothWaysWithTheirTrailers() throws Exception {
        byte[] large = new byte[5 << 20];
        new Random(1).nextBytes(large);
        DefaultHttp2Headers trailers = new DefaultHttp2Headers();
        trailers.set("checksum", "abc");
        H2Message answer = within(clientOf(serve(echo()).port())
                .call(post(pieces(List.of(
                        new Body.Piece(new Body.Bytes(Arrays.copyOf(large, 100_000)), false, null),
                        new Body.Piece(
                                new Body.Bytes(Arrays.copyOfRange(large, 100_000, large.length)), true, trailers))))));
        Body.Piece all = within(Body.whole(answer.body(), 100 << 20));
        assertThat(all.data().array()).isEqualTo(large);
        assertThat(all.trailers()).isNotNull();
        assertThat(all.trailers().get("checksum")).hasToString("abc");
    }

    @Test
    void aConnectionIsFreeWhenTheBodyHasBeenRead() throws Exception {
        Service<H2Message, H2Message> client =
                clientOf(serve(Service.of(request -> ok("text"))).port());
        H2Message unread = within(client.call(get("/1")));
        H2Message other = within(client.call(get("/2")));
        assertThat(stats.count("clnt/web/connects"))
                .as("the first is still in use")
                .isEqualTo(2);
        assertThat(text(other)).isEqualTo("text");
        assertThat(text(unread)).isEqualTo("text");
        for (int i = 0; i < 5; i++) {
            assertThat(text(within(client.call(get("/3"))))).isEqualTo("text");
        }
        assertThat(stats.count("clnt/web/connects")).isEqualTo(2);
    }

    @Test
    void aBodyThatIsGivenUpTakesItsConnectionAlong() throws Exception {
        byte[] large = new byte[4 << 20];
        Service<H2Message, H2Message> client =
                clientOf(serve(Service.of(request -> H2Message.response(200, Body.of(large))))
                        .port());
        within(client.call(get("/"))).body().cancel(new Failure("enough", 0));
        assertThat(whole(within(client.call(get("/"))))).hasSize(large.length);
        assertThat(stats.count("clnt/web/connects")).isEqualTo(2);
    }

    @Test
    void answersWithoutABodyLeaveTheConnectionAsItIs() throws Exception {
        Service<H2Message, H2Message> client = clientOf(serve(Service.of(
                        request -> switch (String.valueOf(request.headers().path())) {
                            case "/204" -> H2Message.response(204, Body.EMPTY);
                            case "/304" -> H2Message.response(304, Body.EMPTY);
                            case "/none" -> H2Message.response(200, Body.EMPTY);
                            default -> ok("text");
                        }))
                .port());
        for (String path : List.of("/204", "/none", "/304")) {
            H2Message answer = within(client.call(get(path)));
            assertThat(answer.body().isEmpty()).as(path).isTrue();
        }
        H2Message head = within(client.call(H2Message.request("HEAD", "web", "/text", Body.EMPTY)));
        assertThat(head.body().isEmpty()).isTrue();
        assertThat(text(within(client.call(get("/text"))))).isEqualTo("text");
        assertThat(stats.count("clnt/web/connects")).isEqualTo(1);
    }

    @Test
    void whatTravelsWithACallArrives() throws Exception {
        Service<H2Message, H2Message> client = clientOf(serve((request, context) -> Reply.of(ok(
                        context.deadline().isPresent() + " " + context.trace().isPresent() + " "
                                + request.headers().authority() + " "
                                + request.headers().get("own"))))
                .port());
        H2Message request = get("/");
        request.headers().add("own", "1").add("connection", "own2").add("keep-alive", "x");
        H2Message answer = within(client.call(
                request,
                Context.EMPTY.withDeadline(Deadline.after(Duration.ofSeconds(5).toNanos(), Deadline.now()))));
        assertThat(text(answer)).isEqualTo("true true web 1");
    }

    @Test
    void whatCannotBeWrittenAsItIsMeantIsNotSent() {
        Service<H2Message, H2Message> client = clientOf(serve(echo()).port());
        H2Message split = new H2Message(
                new DefaultHttp2Headers(false)
                        .method("GET")
                        .path("/")
                        .authority("web")
                        .add("own", "a\r\nx: y"),
                Body.EMPTY);
        assertThatThrownBy(() -> within(client.call(split))).hasStackTraceContaining("own");
        assertThatThrownBy(() -> within(client.call(get("/a b")))).hasStackTraceContaining("percent");
        H2Message length = post(Body.of(new byte[5]));
        length.headers().add("content-length", "4");
        assertThatThrownBy(() -> within(client.call(length))).hasStackTraceContaining("content-length");
    }

    @Test
    void aServersBodyThatIsTooShortBreaksOff() throws Exception {
        H2Message answer = within(clientOf(serve(Service.of(request -> {
                            H2Message lies = ok("text");
                            lies.headers().add("content-length", "5");
                            return lies;
                        }))
                        .port())
                .call(get("/")));
        assertThatThrownBy(() -> whole(answer)).hasStackTraceContaining("closed");
    }

    // --- failures ---

    @Test
    void whatIsRefusedAsNotProcessedIsSentAgain() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        Service<H2Message, H2Message> client = clientOf(serve((request, context) ->
                        calls.incrementAndGet() < 3 ? Reply.failed(Failure.rejected("full")) : Reply.of(ok("now")))
                .port());
        assertThat(text(within(client.call(get("/"))))).isEqualTo("now");
        assertThat(calls).hasValue(3);
        assertThat(stats.count("clnt/web/connects")).isEqualTo(1);
    }

    @Test
    void failuresOfTheApplicationAre500() throws Exception {
        Service<H2Message, H2Message> client = clientOf(serve((request, context) -> {
                    throw new IllegalStateException("no");
                })
                .port());
        assertThat(within(client.call(get("/"))).status()).isEqualTo(500);
        assertThat(stats.count("clnt/web/failures")).isEqualTo(1);
    }

    @Test
    void anAnswerThatIsTriedAgainLeavesItsConnection() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        Service<H2Message, H2Message> client = client().withRetries(5)
                .withClassifier((request, response, failure) -> failure != null
                        ? Verdict.of(failure)
                        : response.status() == 503 ? Verdict.RETRYABLE_FAILURE : Verdict.SUCCESS)
                .newService(
                        "127.0.0.1:"
                                + serve(Service.of(request -> calls.incrementAndGet() < 4
                                                ? H2Message.response(503, Body.of("busy".getBytes(UTF_8)))
                                                : ok("now")))
                                        .port(),
                        "web");
        assertThat(text(within(client.call(get("/"))))).isEqualTo("now");
        assertThat(stats.count("clnt/web/connects")).isEqualTo(1);
    }

    @Test
    void aClientThatLeavesInterruptsItsCall() throws Exception {
        Reply<Throwable> heard = new Reply<>();
        Listening server = serve((request, context) -> {
            Reply<H2Message> never = new Reply<>();
            never.onInterrupt(heard::complete);
            return never;
        });
        Reply<H2Message> call = clientOf(server.port()).call(get("/"));
        assertThatThrownBy(() -> call.get(Duration.ofMillis(300))).isInstanceOf(Exception.class);
        call.interrupt(new Failure("enough", Failure.INTERRUPTED));
        assertThat(within(heard)).hasMessageContaining("client");
    }

    // --- others ---

    @Test
    void theJdksServer() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        open.add(() -> server.stop(0));
        server.createContext("/", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            boolean chunks = exchange.getRequestURI().getPath().equals("/chunks");
            exchange.sendResponseHeaders(200, chunks ? 0 : body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        Service<H2Message, H2Message> client = clientOf(server.getAddress().getPort());
        byte[] large = new byte[1 << 20];
        new Random(2).nextBytes(large);
        for (String path : List.of("/", "/chunks")) {
            H2Message request = H2Message.request("POST", "web", path, Body.of(large));
            assertThat(whole(within(client.call(request)))).isEqualTo(large);
        }
        assertThat(text(within(client.call(get("/"))))).isEmpty();
        assertThat(stats.count("clnt/web/connects")).isEqualTo(1);
    }

    @Test
    void theJdksClient() throws Exception {
        int port = serve(echo()).port();
        HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        byte[] large = new byte[1 << 20];
        new Random(3).nextBytes(large);
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"));
        for (boolean expects : List.of(false, true)) {
            HttpResponse<byte[]> answer = client.send(
                    request.expectContinue(expects)
                            .POST(HttpRequest.BodyPublishers.ofByteArray(large))
                            .build(),
                    HttpResponse.BodyHandlers.ofByteArray());
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo(large);
        }
        assertThat(client.send(request.GET().build(), HttpResponse.BodyHandlers.ofByteArray())
                        .body())
                .isEmpty();
    }

    /** One application behind both. */
    @Test
    void theSameServiceByHttp2() throws Exception {
        Service<H2Message, H2Message> application = echo();
        Listening two = open.add(H2.server().serve("127.0.0.1:0", application));
        assertThat(text(within(H2.client()
                        .newService("127.0.0.1:" + two.port(), "two")
                        .call(post(Body.of("x".getBytes(UTF_8)))))))
                .isEqualTo("x");
        assertThat(text(within(clientOf(serve(application).port()).call(post(Body.of("x".getBytes(UTF_8)))))))
                .isEqualTo("x");
    }

    // --- bytes ---

    private static String say(int port, String bytes) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(bytes.getBytes(UTF_8));
            socket.getOutputStream().flush();
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\nabcd",
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nb c: d\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nb\u0000: d\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\n: d\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\n:path: /other\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nb: c\u0000d\r\n\r\n",
                "nonsense\r\n\r\n",
            })
    void whatTwoReadersCouldReadDifferentlyIsRefused(String bytes) throws IOException {
        AtomicBoolean called = new AtomicBoolean();
        int port = serve(Service.of(request -> {
                    called.set(true);
                    return ok("no");
                }))
                .port();
        assertThat(say(port, bytes)).startsWith("HTTP/1.1 400").contains("connection: close");
        assertThat(called).isFalse();
    }

    @Test
    void limitsHaveTheirOwnAnswers() throws IOException {
        Server<H2Message, H2Message> limited = Http1.server().with(Http1Params.HEAD_TIMEOUT, Duration.ofMillis(200));
        int port = open.add(limited.serve("127.0.0.1:0", echo())).port();
        assertThat(say(port, "GET /" + "x".repeat(5_000) + " HTTP/1.1\r\nHost: a\r\n\r\n"))
                .startsWith("HTTP/1.1 414");
        assertThat(say(port, "GET / HTTP/1.1\r\nHost: a\r\nx: " + "y".repeat(9_000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431");
        assertThat(say(port, "GET / HTTP/1.1\r\nHost: a\r\n")).startsWith("HTTP/1.1 408");
        assertThat(say(port, "GET / HTTP/2.5\r\nHost: a\r\n\r\n")).startsWith("HTTP/1.1 505");
        assertThat(say(port, "GE")).startsWith("HTTP/1.1 408");
    }

    @Test
    void requestsSentAheadAreAnsweredInOrder() throws IOException {
        int port = serve(Service.of(request -> ok("<" + request.headers().path() + ">")))
                .port();
        StringBuilder ahead = new StringBuilder();
        StringBuilder order = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            ahead.append("POST /").append(i).append(" HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
            order.append("</").append(i).append(">");
        }
        ahead.append("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assertThat(say(port, ahead.toString()).replaceAll("(?s)[^<]*(<[^>]*>)[^<]*", "$1"))
                .isEqualTo(order + "</last>");
    }

    @Test
    void clientsOfTheOldVersionReadToTheEnd() throws IOException {
        int port = serve(Service.of(request -> ok("text"))).port();
        assertThat(say(port, "GET / HTTP/1.0\r\n\r\n"))
                .startsWith("HTTP/1.1 200")
                .contains("connection: close")
                .doesNotContain("transfer-encoding")
                .endsWith("\r\n\r\ntext");
    }

    @Test
    void aServerThatClosesAnswersWhatItHasBegun() throws Exception {
        Reply<H2Message> answer = new Reply<>();
        Reply<Boolean> begun = new Reply<>();
        Listening server = Http1.server().serve("127.0.0.1:0", (request, context) -> {
            begun.complete(true);
            return answer;
        });
        Reply<H2Message> call = clientOf(server.port()).call(get("/"));
        within(begun);
        var closed = server.close(Duration.ofSeconds(20));
        answer.complete(ok("still"));
        H2Message got = within(call);
        assertThat(text(got)).isEqualTo("still");
        closed.toCompletableFuture().join();
    }
}
