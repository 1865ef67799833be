package io.finback.meshrouter.rpc.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.Closing;
import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.balance.DeterministicAperture.Coordinate;
import io.finback.meshrouter.resilience.RetryBudget;
import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Replicas;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.Statistics;
import io.finback.meshrouter.rpc.Timer;
import io.finback.meshrouter.rpc.mux.Mux;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How long a client goes on with instances that swallow what it sends, and whom deterministic apertures call. */
@Timeout(60)
class BoundedWaitsTest {
    @RegisterExtension
    final Closing open = new Closing();

    /** Each attempt takes as long as a connect may, and is known not to have been processed. */
    @Test
    void requeuesEndBehindThreeConnectTimeouts() {
        Statistics stats = new Statistics();
        AtomicInteger attempts = new AtomicInteger();
        Service<String, String> swallowed = (request, context) -> {
            attempts.incrementAndGet();
            Reply<String> late = new Reply<>();
            Timer.SHARED.after(
                    Duration.ofMillis(100).toNanos(), () -> late.fail(new Failure("no connection", Failure.RETRYABLE)));
            return late;
        };
        RetryBudget budget = new RetryBudget(new RetryBudget.Spec(Duration.ofSeconds(10), 1_000, 10));
        Requeue<String, String> requeue = new Requeue<>(budget, Duration.ofMillis(100), stats);
        assertThatThrownBy(() ->
                        requeue.andThen(swallowed).call("x", Context.EMPTY).join())
                .hasMessageContaining("no connection");
        assertThat(attempts).hasValueBetween(1, 3);
        assertThat(stats.count("retries/request_limit")).isEqualTo(1);
    }

    @Test
    void deterministicAperturesShareInstancesByWeight() throws Exception {
        List<AtomicInteger> calls = new ArrayList<>();
        List<Address> addresses = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            AtomicInteger count = new AtomicInteger();
            calls.add(count);
            var server = open.add(Mux.server().serve("127.0.0.1:0", (request, context) -> {
                count.incrementAndGet();
                return Reply.of(request);
            }));
            addresses.add(new Address("127.0.0.1", server.port(), i == 0 ? 3 : 1));
        }
        for (int instance = 0; instance < 2; instance++) {
            Service<byte[], byte[]> client = Mux.client()
                    .withBalancer(Balancer.Spec.deterministicAperture(new Coordinate(instance, 2, 2)))
                    .newService(Replicas.of(addresses), "aperture");
            for (int i = 0; i < 600; i++) {
                client.call(new byte[1]).get(Duration.ofSeconds(20));
            }
            if (instance == 0) {
                assertThat(calls.stream().filter(count -> count.get() > 0)).hasSizeLessThan(4);
            }
        }
        // Both together: half of the ring each, so every instance by its weight.
        assertThat(calls.get(0).get()).isBetween(450, 750);
        assertThat(calls.subList(1, 4))
                .allSatisfy(count -> assertThat(count.get()).isBetween(100, 320));
    }

    @Test
    void membersOfAnApertureAreConnectedBeforeACallNeedsThem() throws Exception {
        Statistics stats = new Statistics();
        List<Address> addresses = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            var server = open.add(Mux.server().serve("127.0.0.1:0", Service.of(body -> body)));
            addresses.add(Address.of("127.0.0.1", server.port()));
        }
        Service<byte[], byte[]> ahead = Mux.client()
                .withStats(stats)
                .withBalancer(Balancer.Spec.deterministicAperture(new Coordinate(0, 2, 2)))
                .newService(Replicas.of(addresses), "ahead");
        Service<byte[], byte[]> later = Mux.client()
                .withStats(stats)
                .withBalancer(Balancer.Spec.deterministicAperture(new Coordinate(0, 2, 2)))
                .with(ClientParams.EAGER_CONNECTIONS, false)
                .newService(Replicas.of(addresses), "later");
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (stats.count("clnt/ahead/connects") < 2) {
            assertThat(System.nanoTime()).as("connected in time").isLessThan(limit);
            Thread.onSpinWait();
        }
        assertThat(later.call(new byte[1]).get(Duration.ofSeconds(20))).hasSize(1);
        assertThat(stats.count("clnt/later/connects")).isEqualTo(1);
        for (int i = 0; i < 20; i++) {
            assertThat(ahead.call(new byte[1]).get(Duration.ofSeconds(20))).hasSize(1);
        }
        assertThat(stats.count("clnt/ahead/connects"))
                .as("the same two are called")
                .isEqualTo(2);
        for (Service<byte[], byte[]> client : List.of(ahead, later)) {
            client.close(Duration.ZERO).toCompletableFuture().join();
        }
    }
}
