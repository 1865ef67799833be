package io.finback.meshrouter.rpc.h2;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.Closing;
import io.finback.meshrouter.rpc.server.Server.Listening;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** HTTP/2 on a port in clear text that a client reaches by {@code Upgrade: h2c}: the JDK's own client does, and bytes by hand. */
@Timeout(60)
class H2UpgradeTest {
    @RegisterExtension
    final Closing open = new Closing();

    private static final HttpClient JDK =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();

    private Listening echo() {
        return open.add(H2.server().serve("127.0.0.1:0", (request, context) -> Body.whole(request.body(), 100 << 20)
                .map(all -> {
                    H2Message answer =
                            H2Message.response(200, Body.of(all.data().array()));
                    answer.headers()
                            .set(
                                    "asked",
                                    request.headers().method() + " "
                                            + request.headers().scheme() + "://"
                                            + request.headers().authority()
                                            + request.headers().path());
                    answer.headers().set("names", request.headers().names().toString());
                    return answer;
                })));
    }

    private static HttpRequest post(int port, String path, byte[] body) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(20))
                .header("x-own", "1")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
    }

    @Test
    void theJdksClientUpgradesAndGoesOnInHttp2() throws Exception {
        int port = echo().port();
        HttpResponse<String> first =
                JDK.send(post(port, "/a?b=c", "hello".getBytes(UTF_8)), HttpResponse.BodyHandlers.ofString());
        assertThat(first.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(first.body()).isEqualTo("hello");
        assertThat(first.headers().firstValue("asked")).contains("POST http://127.0.0.1:" + port + "/a?b=c");
        assertThat(first.headers().firstValue("names").orElseThrow())
                .contains("x-own")
                .doesNotContain("upgrade")
                .doesNotContain("http2-settings")
                .doesNotContain("connection");
        List<CompletableFuture<HttpResponse<byte[]>>> more = new ArrayList<>();
        byte[] large = new byte[500_000];
        for (int i = 0; i < 20; i++) {
            more.add(JDK.sendAsync(post(port, "/" + i, large), HttpResponse.BodyHandlers.ofByteArray()));
        }
        for (CompletableFuture<HttpResponse<byte[]>> each : more) {
            assertThat(each.get().version()).isEqualTo(HttpClient.Version.HTTP_2);
            assertThat(each.get().body()).hasSize(large.length);
        }
    }

    private static Socket connect(int port, String request) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(20_000);
        socket.getOutputStream().write(request.getBytes(ISO_8859_1));
        return socket;
    }

    @Test
    void plainHttp1IsToldWhatIsSpokenHere() throws Exception {
        int port = echo().port();
        for (String head : List.of(
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")) {
            try (Socket socket = connect(port, head)) {
                String answer = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
                assertThat(answer).startsWith("HTTP/1.1 426 ").containsIgnoringCase("upgrade: h2c");
                assertThat(answer).endsWith("(expected: its preface, or Upgrade: h2c)\n");
            }
        }
    }

    @Test
    void anUpgradeIsAnsweredWith101AndStreamOne() throws Exception {
        int port = echo().port();
        try (Socket socket = connect(
                port,
                "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                        + "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")) {
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) socket.getInputStream().read());
            }
            assertThat(head).startsWith("HTTP/1.1 101 ").containsIgnoringCase("upgrade: h2c");
            boolean answered = false;
            while (!answered) {
                byte[] frame = socket.getInputStream().readNBytes(9);
                assertThat(frame).hasSize(9);
                int length = (frame[0] & 0xff) << 16 | (frame[1] & 0xff) << 8 | (frame[2] & 0xff);
                socket.getInputStream().skipNBytes(length);
                answered = frame[3] == 1 && frame[8] == 1;
            }
        }
    }

    /** Its body may be as long as {@link H2Params#MAX_UPGRADE_BYTES}. */
    @Test
    void anUpgradeWithTooLongABodyIsRefused() throws Exception {
        int port = echo().port();
        try (Socket socket = connect(
                port,
                "POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                        + "Content-Length: 70000\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n" + "a".repeat(70_000))) {
            byte[] answer = socket.getInputStream().readNBytes(13);
            assertThat(new String(answer, ISO_8859_1)).startsWith("HTTP/1.1 413 ");
        }
    }
}
