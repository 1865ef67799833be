package io.finback.meshrouter.rpc.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.Closing;
import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Replicas;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.Statistics;
import io.finback.meshrouter.rpc.mux.Mux;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A balancer all of whose instances are marked dead calls one of them all the same: perhaps it is the mark that is wrong. */
class PanickedTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    @RegisterExtension
    final Closing open = new Closing();

    @Test
    void whenAllAreMarkedDeadOneIsTriedAllTheSame() throws Exception {
        Statistics stats = new Statistics();
        int first = freePort();
        int second = freePort();
        Service<byte[], byte[]> client = Mux.client()
                .withStats(stats)
                .newService(Replicas.of(List.of(Address.of("127.0.0.1", first), Address.of("127.0.0.1", second))), "c");
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (stats.count("clnt/c/failfast/marked_dead") < 2) {
            assertThatThrownBy(() -> client.call(new byte[1]).get(LONG)).isNotNull();
            assertThat(System.nanoTime()).isLessThan(end);
        }
        assertThat(stats.gauge("clnt/c/loadbalancer/available")).isZero();

        assertThatThrownBy(() -> client.call(new byte[1]).get(LONG)).hasMessageContaining("refused");
        assertThat(stats.count("clnt/c/loadbalancer/panicked")).isPositive();

        open.add(Mux.server().serve("127.0.0.1:" + second, Service.of(body -> body)));
        while (true) {
            try {
                assertThat(client.call(new byte[3]).get(LONG)).hasSize(3);
                break;
            } catch (Exception stillDead) {
                assertThat(System.nanoTime()).isLessThan(end);
            }
        }
        client.close(Duration.ZERO).toCompletableFuture().join();
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
