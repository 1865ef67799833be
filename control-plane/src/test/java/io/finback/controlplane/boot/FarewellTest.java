package io.finback.controlplane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import io.finback.runtime.Node;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A master that stops while clients keep asking on connections that are open. */
class FarewellTest {
    @TempDir
    Path data;

    /** Asks until an answer says that it was the last. */
    private static final class Client {
        private final Socket socket;
        private final BufferedReader in;
        private final String path;

        Client(int port, String path) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setSoTimeout(20_000);
            in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
            this.path = path;
        }

        /** Whether more may be asked. */
        boolean ask() throws IOException {
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: m\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            assertThat(in.readLine()).as("every request is answered").startsWith("HTTP/1.1 200");
            boolean more = true;
            int length = 0;
            for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
                String header = line.toLowerCase(Locale.ROOT);
                more &= !header.equals("connection: close");
                if (header.startsWith("content-length:")) {
                    length = Integer.parseInt(header.substring(15).strip());
                }
            }
            for (int i = 0; i < length; i++) {
                assertThat(in.read()).isNotNegative();
            }
            return more;
        }

        void lastWord() throws IOException {
            assertThat(in.read()).as("closed after the last answer").isEqualTo(-1);
            socket.close();
        }
    }

    @Test
    void tellsWhoAsksToGoElsewhereBeforeItClosesTheDoor() throws Exception {
        Config config = ControlPlaneHarness.config(
                data.resolve("node"),
                Map.of(
                        "finback.master.connections.leave-notice", "3 s",
                        "akka.coordinated-shutdown.run-by-actor-system-terminate", "on"));
        Node node = MasterNode.start(config);
        node.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
        Client cluster = new Client(config.getInt("finback.master.http.port"), "/version");
        Client services = new Client(config.getInt("finback.services.http.port"), "/v2/info");
        assertThat(cluster.ask()).isTrue();
        assertThat(services.ask()).isTrue();

        var stopped = node.stop();
        for (Client client : new Client[] {cluster, services}) {
            while (client.ask()) {
                assertThat(stopped.toCompletableFuture()).isNotDone();
            }
            client.lastWord();
        }
        stopped.toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
