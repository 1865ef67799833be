package io.finback.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ComeBackTest {
    private static final CompletableFuture<Void> NEVER = new CompletableFuture<>();

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final Screen screen = new Screen(new PrintStream(said, true, StandardCharsets.UTF_8), System.err);

    private static Config settings(int port, int other, String wait) {
        return ConfigFactory.parseMap(Map.of(
                        "finback.cluster.port",
                        port,
                        "finback.cluster.seeds",
                        List.of("127.0.0.1:" + port, "127.0.0.1:" + other),
                        "finback.cluster.return-after",
                        wait))
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
    }

    @Test
    void waitsWhileAnotherMasterIsThereAndNoLongerThanItIsTold() throws Exception {
        try (ServerSocket self = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                ServerSocket other = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            long began = System.nanoTime();
            ComeBack soon = new ComeBack(settings(self.getLocalPort(), other.getLocalPort(), "300 ms"), screen);
            assertThat(soon.await(NEVER)).isTrue();
            assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(300_000_000L);
            assertThat(said.toString(StandardCharsets.UTF_8)).contains("finback.cluster.return-after");

            ComeBack late = new ComeBack(settings(self.getLocalPort(), other.getLocalPort(), "1 minute"), screen);
            assertThat(late.await(CompletableFuture.completedFuture(null)))
                    .as("it was told to stop meanwhile")
                    .isFalse();
        }
    }

    @Test
    void startsAtOnceWhereNobodyElseIsThereOrNobodyWantsItToWait() throws Exception {
        try (ServerSocket self = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            int gone;
            try (ServerSocket other = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
                gone = other.getLocalPort();
                assertThat(new ComeBack(settings(self.getLocalPort(), gone, "0 s"), screen).await(NEVER))
                        .isTrue();
            }
            assertThat(new ComeBack(settings(self.getLocalPort(), gone, "1 minute"), screen).await(NEVER))
                    .as("its own address answers, for whatever reason")
                    .isTrue();
        }
        assertThat(said.toString(StandardCharsets.UTF_8)).isEmpty();
    }
}
