package io.finback.meshrouter.rpc.http1;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.Closing;
import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.client.ClientParams;
import io.finback.meshrouter.rpc.h2.Body;
import io.finback.meshrouter.rpc.h2.H2Message;
import io.finback.meshrouter.rpc.server.Server.Listening;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whatever bytes come: an answer or the end of the connection, for a server and for a client, and both work on. */
@Timeout(120)
class Http1FuzzTest {
    private static final int ROUNDS = 400;
    private static final List<String> PARTS = List.of(
            "GET / HTTP/1.1\r\n",
            "POST /x HTTP/1.1\r\n",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 100 Continue\r\n",
            "HTTP/1.1 999\r\n",
            "Host: a\r\n",
            "Content-Length: 3\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: x\r\n",
            "Connection: close\r\n",
            "Expect: 100-continue\r\n",
            "\r\n",
            "3\r\nabc\r\n",
            "-1\r\n",
            "fffffffffff\r\n",
            "0\r\n",
            " folded\r\n",
            ":\r\n",
            "abc",
            "\0",
            "\n");

    @RegisterExtension
    final Closing open = new Closing();

    private static byte[] bytes(Random random) {
        StringBuilder text = new StringBuilder();
        int parts = 1 + random.nextInt(12);
        for (int i = 0; i < parts; i++) {
            text.append(PARTS.get(random.nextInt(PARTS.size())));
            if (random.nextInt(8) == 0) {
                text.append((char) random.nextInt(256));
            }
        }
        return text.toString().getBytes(ISO_8859_1);
    }

    @Test
    void aServerTakesAnything() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Listening server = open.add(Http1.server()
                .with(Http1Params.HEAD_TIMEOUT, Duration.ofMillis(200))
                .serve("127.0.0.1:0", Service.of(request -> H2Message.response(200, request.body()))));
        for (int i = 0; i < ROUNDS; i++) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
                socket.setSoTimeout(10_000);
                socket.getOutputStream().write(bytes(random));
                socket.shutdownOutput();
                byte[] answer = socket.getInputStream().readAllBytes();
                assertThat(new String(answer, ISO_8859_1)).as("seed " + seed).matches("(?s)(HTTP/1\\.1 .*)?");
            } catch (IOException e) {
                assertThat(e).as("seed " + seed).hasMessageMatching("(?i).*(reset|broken pipe|closed).*");
            }
        }
        assertThat(Http1.client()
                        .newService("127.0.0.1:" + server.port(), "web")
                        .call(H2Message.request("GET", "web", "/", Body.EMPTY))
                        .get(Duration.ofSeconds(20))
                        .status())
                .as("seed " + seed)
                .isEqualTo(200);
    }

    @Test
    void aClientTakesAnything() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        ServerSocket server = open.add(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
        ExecutorService threads = Executors.newSingleThreadExecutor();
        open.add(threads::shutdownNow);
        threads.execute(() -> {
            try {
                while (true) {
                    try (Socket socket = server.accept()) {
                        int unused = socket.getInputStream().read();
                        socket.getOutputStream().write(bytes(random));
                    }
                }
            } catch (IOException e) {
                // The test is over.
            }
        });
        for (int i = 0; i < ROUNDS; i++) {
            Reply<H2Message> call = Http1.transport(Params.EMPTY.with(
                            ClientParams.ENDPOINT, Address.parse("127.0.0.1:" + server.getLocalPort())))
                    .acquire(Context.EMPTY)
                    .flatMap(session -> session.call(H2Message.request("GET", "web", "/", Body.EMPTY)))
                    .flatMap(answer -> Body.whole(answer.body(), 1 << 20).map(piece -> answer));
            Reply<String> ended =
                    call.transform((answer, failure) -> Reply.of(failure == null ? "answered" : "failed"));
            assertThat(ended.get(Duration.ofSeconds(20))).as("seed " + seed).isNotNull();
        }
    }
}
