package io.finback.meshrouter.rpc.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.meshrouter.balance.Aperture;
import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.resilience.AccrualPolicy;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.resilience.RetryBudget;
import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Deadline;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Replicas;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.Statistics;
import io.finback.meshrouter.rpc.Timer;
import io.finback.meshrouter.rpc.TraceId;
import io.finback.meshrouter.rpc.Tracer;
import io.finback.meshrouter.rpc.Verdict;
import io.finback.meshrouter.rpc.mux.Mux;
import io.finback.meshrouter.rpc.server.Server.Listening;
import io.finback.meshrouter.rpc.server.ServerParams;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** What each module of a client does to real calls, over Mux. */
@Timeout(60)
class ClientModulesTest {
    private final Statistics stats = new Statistics();
    private final List<Listening> servers = new ArrayList<>();

    private Listening serve(Service<byte[], byte[]> service) {
        Listening server = Mux.server().serve("127.0.0.1:0", service);
        servers.add(server);
        return server;
    }

    @AfterEach
    void stop() {
        servers.forEach(server ->
                server.close(Duration.ofMillis(1)).toCompletableFuture().join());
    }

    private static String at(Listening... all) {
        List<String> texts = new ArrayList<>();
        for (Listening each : all) {
            texts.add("127.0.0.1:" + each.port());
        }
        return String.join(",", texts);
    }

    private Client<byte[], byte[]> client() {
        return Mux.client().withStats(stats);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    @CanIgnoreReturnValue
    private static String within(Reply<byte[]> reply) throws Exception {
        return new String(reply.get(Duration.ofSeconds(20)), UTF_8);
    }

    private static void eventually(BooleanSupplier condition) {
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(limit);
            Thread.onSpinWait();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static Reply<byte[]> later(Duration pause, byte[] answer) {
        Reply<byte[]> reply = new Reply<>();
        Timer.SHARED.after(pause.toNanos(), () -> reply.complete(answer));
        return reply;
    }

    @Test
    void anEndpointThatFailsIsLeftAloneAndProbed() throws Exception {
        AtomicInteger bad = new AtomicInteger();
        boolean[] well = new boolean[1];
        Listening failing = serve((body, context) -> {
            bad.incrementAndGet();
            return well[0] ? Reply.of(body) : Reply.failed(new IllegalStateException("ill"));
        });
        Listening good = serve(Service.of(body -> body));
        Service<byte[], byte[]> client = client().withFailureAccrual(new AccrualPolicy.Spec(
                        () -> AccrualPolicy.consecutiveFailures(3), new Backoff.Constant(Duration.ofSeconds(2))))
                .newService(at(failing, good), "c");
        ListAppender<ILoggingEvent> said = new ListAppender<>();
        said.start();
        Logger logger = (Logger) LoggerFactory.getLogger(Accrual.class);
        logger.addAppender(said);
        logger.setLevel(Level.INFO);
        int failures = 0;
        for (int i = 0; i < 100; i++) {
            try {
                within(client.call(bytes("x")));
            } catch (Exception e) {
                failures++;
            }
        }
        assertThat(failures).isBetween(3, 4);
        assertThat(stats.count("clnt/c/failure_accrual/removals")).isEqualTo(1);
        well[0] = true;
        int before = bad.get();
        eventually(() -> {
            client.call(bytes("x")).join();
            return stats.count("clnt/c/failure_accrual/revivals") == 1;
        });
        assertThat(bad.get()).isGreaterThan(before);
        assertThat(stats.count("clnt/c/failure_accrual/probes")).isEqualTo(1);
        logger.detachAppender(said);
        logger.setLevel(null);
        assertThat(said.list.stream().map(ILoggingEvent::getFormattedMessage))
                .containsExactly(
                        "rpc.endpoint_left_alone client=c endpoint=" + at(failing) + " reason=failures next=probe",
                        "rpc.endpoint_back client=c endpoint=" + at(failing));
    }

    @Test
    void anEndpointThatRefusesConnectionsIsPassedOverUntilItIsThere() throws Exception {
        int port = freePort();
        Listening good = serve(Service.of(body -> bytes("good")));
        Service<byte[], byte[]> client = client().newService(at(good) + ",127.0.0.1:" + port, "c");
        for (int i = 0; i < 50; i++) {
            assertThat(within(client.call(bytes("x")))).isEqualTo("good");
        }
        assertThat(stats.count("clnt/c/failfast/marked_dead")).isEqualTo(1);
        assertThat(stats.gauge("clnt/c/loadbalancer/available")).isEqualTo(1);
        assertThat(stats.gauge("clnt/c/loadbalancer/size")).isEqualTo(2);
        Listening late = Mux.server().serve("127.0.0.1:" + port, Service.of(body -> bytes("late")));
        servers.add(late);
        eventually(() -> stats.count("clnt/c/failfast/marked_available") == 1);
        eventually(() -> new String(client.call(bytes("x")).join(), UTF_8).equals("late"));
    }

    @Test
    void retriesWhatTheClassifierSaysWithinTheBudget() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        Listening server = serve((body, context) ->
                calls.incrementAndGet() % 3 == 0 ? Reply.of(body) : Reply.failed(new IllegalStateException("again")));
        Verdict.Classifier<byte[], byte[]> again = (request, response, failure) ->
                failure instanceof Failure.ServerApplication ? Verdict.RETRYABLE_FAILURE : Verdict.of(failure);
        Client<byte[], byte[]> retrying = client().withFailureAccrual(AccrualPolicy.Spec.NONE)
                .withClassifier(again)
                .withRetries(2, new Backoff.Constant(Duration.ofMillis(1)));
        assertThat(within(retrying.newService(at(server), "c").call(bytes("x"))))
                .isEqualTo("x");
        assertThat(calls.get()).isEqualTo(3);
        assertThat(stats.percentile("clnt/c/retries", 1)).isEqualTo(2);
        Service<byte[], byte[]> poor = retrying.withRetryBudget(new RetryBudget.Spec(Duration.ofSeconds(10), 0, 0))
                .newService(at(server), "poor");
        assertThatThrownBy(() -> poor.call(bytes("x")).join()).isInstanceOf(Failure.ServerApplication.class);
        assertThat(stats.count("clnt/poor/retries/budget_exhausted")).isEqualTo(1);
    }

    @Test
    void oneTimeForAllAttempts() throws Exception {
        BlockingQueue<Deadline> deadlines = new ArrayBlockingQueue<>(100);
        Listening server = serve((body, context) -> {
            deadlines.add(context.deadline().orElseThrow());
            return Reply.failed(new IllegalStateException("again"));
        });
        Service<byte[], byte[]> client = client().withFailureAccrual(AccrualPolicy.Spec.NONE)
                .withClassifier(
                        (request, response, failure) -> failure == null ? Verdict.SUCCESS : Verdict.RETRYABLE_FAILURE)
                .withRetries(1_000, new Backoff.Constant(Duration.ofMillis(20)))
                .withTotalTimeout(Duration.ofMillis(200))
                .newService(at(server), "c");
        assertThatThrownBy(() -> client.call(bytes("x")).join())
                .isInstanceOf(Failure.TimedOut.class)
                .hasMessage("call to c took longer than 200 ms");
        assertThat(deadlines.stream().distinct()).hasSize(1);
        assertThat(deadlines.size()).isGreaterThan(1);
    }

    @Test
    void aSecondCopyOvertakesAStuckFirst() throws Exception {
        BlockingQueue<Boolean> backups = new ArrayBlockingQueue<>(10_000);
        Reply<byte[]> stuck = new Reply<>();
        BlockingQueue<Throwable> interrupted = new ArrayBlockingQueue<>(10);
        stuck.onInterrupt(interrupted::add);
        Listening server = serve((body, context) -> {
            backups.add(context.isBackup());
            return body[0] == 'x' && !context.isBackup() ? stuck : Reply.of(body);
        });
        Service<byte[], byte[]> client = client().withBackups(0.05).newService(at(server), "c");
        for (int i = 0; i < 300; i++) {
            within(client.call(bytes("warm")));
        }
        assertThat(within(client.call(bytes("x")))).isEqualTo("x");
        eventually(() -> stats.count("clnt/c/backups/backups_won") > 0);
        assertThat(backups).contains(true);
        assertThat(interrupted.poll(20, TimeUnit.SECONDS)).isNotNull();
    }

    @Test
    void aPoolHoldsSoManyConnectionsAndRefusesTooManyWaiters() throws Exception {
        Reply<byte[]> held = new Reply<>();
        Listening server = serve((body, context) -> held.map(all -> body));
        Service<byte[], byte[]> client = client().withPool(
                        new ClientParams.Pool(false, 0, 2, 1, Optional.of(Duration.ofMillis(100))))
                .newService(at(server), "c");
        Reply<byte[]> first = client.call(bytes("1"));
        Reply<byte[]> second = client.call(bytes("2"));
        Reply<byte[]> waits = client.call(bytes("3"));
        assertThat(stats.gauge("clnt/c/pool_waiters")).isEqualTo(1);
        assertThatThrownBy(() -> client.call(bytes("4")).join()).isInstanceOf(Failure.TooManyWaiters.class);
        eventually(() -> stats.count("clnt/c/connects") == 2);
        held.complete(bytes(""));
        assertThat(within(first)).isEqualTo("1");
        assertThat(within(second)).isEqualTo("2");
        assertThat(within(waits)).isEqualTo("3");
        assertThat(stats.count("clnt/c/connects")).isEqualTo(2);
        eventually(() -> stats.gauge("clnt/c/pool_size") == 0);
    }

    @Test
    void aWaiterThatGivesUpLeavesTheQueue() throws Exception {
        Reply<byte[]> held = new Reply<>();
        Listening server = serve((body, context) -> held.map(all -> body));
        Service<byte[], byte[]> client = client().withPool(new ClientParams.Pool(false, 0, 1, 10, Optional.empty()))
                .withAcquisitionTimeout(Duration.ofMillis(50))
                .withRetryBudget(new RetryBudget.Spec(Duration.ofSeconds(10), 0, 0))
                .newService(at(server), "c");
        Service<byte[], byte[]> patient = client;
        Reply<byte[]> first = patient.call(bytes("1"));
        eventually(() -> stats.count("clnt/c/connects") == 1);
        assertThatThrownBy(() -> client.call(bytes("2")).join())
                .isInstanceOf(Failure.TimedOut.class)
                .hasMessage("session acquisition to c took longer than 50 ms");
        assertThat(stats.gauge("clnt/c/pool_waiters")).isZero();
        held.complete(bytes(""));
        assertThat(within(first)).isEqualTo("1");
    }

    @Test
    void sessionsEndByAgeAndByIdleness() throws Exception {
        Listening server = serve((body, context) -> later(Duration.ofMillis(1), body));
        Service<byte[], byte[]> aging = client().with(ClientParams.MAX_LIFE_TIME, Optional.of(Duration.ofMillis(50)))
                .newService(at(server), "aging");
        eventually(() -> {
            assertThat(new String(aging.call(bytes("x")).join(), UTF_8)).isEqualTo("x");
            return stats.count("clnt/aging/connects") >= 3;
        });
        assertThat(stats.count("clnt/aging/failures")).isZero();
        Service<byte[], byte[]> idle = client().with(ClientParams.MAX_IDLE_TIME, Optional.of(Duration.ofMillis(50)))
                .newService(at(server), "idle");
        within(idle.call(bytes("x")));
        eventually(() -> stats.count("clnt/idle/idle") == 1);
        within(idle.call(bytes("x")));
        assertThat(stats.count("clnt/idle/connects")).isEqualTo(2);
    }

    @Test
    void oneConnectionTakesSoManyCalls() throws Exception {
        Reply<byte[]> held = new Reply<>();
        Listening server = serve((body, context) -> held.map(all -> body));
        Service<byte[], byte[]> client = client().with(ClientParams.MAX_PENDING, Optional.of(2))
                .with(ClientParams.POOL, ClientParams.Pool.SHARED)
                .withRetryBudget(new RetryBudget.Spec(Duration.ofSeconds(10), 0, 0))
                .newService(at(server), "c");
        Reply<byte[]> first = client.call(bytes("1"));
        eventually(() -> stats.count("clnt/c/connects") == 1);
        Reply<byte[]> second = client.call(bytes("2"));
        assertThatThrownBy(() -> client.call(bytes("3")).join())
                .isInstanceOf(Failure.class)
                .hasMessageContaining("more than 2 calls");
        held.complete(bytes(""));
        assertThat(within(first) + within(second)).isEqualTo("12");
        assertThat(stats.count("clnt/c/pending_requests/rejected")).isPositive();
    }

    @Test
    void endpointsGetCallsByWeightAndMayChange() throws Exception {
        AtomicInteger light = new AtomicInteger();
        AtomicInteger heavy = new AtomicInteger();
        Listening one = serve((body, context) -> {
            light.incrementAndGet();
            return Reply.of(body);
        });
        Listening nine = serve((body, context) -> {
            heavy.incrementAndGet();
            return Reply.of(body);
        });
        Replicas endpoints = Replicas.pending();
        Service<byte[], byte[]> client = client().newService(endpoints, "c");
        Reply<byte[]> early = client.call(bytes("early"));
        assertThat(early.isDone()).isFalse();
        endpoints.set(List.of(new Address("127.0.0.1", one.port(), 1), new Address("127.0.0.1", nine.port(), 9)));
        assertThat(within(early)).isEqualTo("early");
        for (int i = 0; i < 2_000; i++) {
            within(client.call(bytes("x")));
        }
        assertThat(light.get()).isBetween(120, 300);
        assertThat(heavy.get()).isGreaterThan(1_700);
        endpoints.set(List.of(new Address("127.0.0.1", one.port(), 1)));
        int before = heavy.get();
        for (int i = 0; i < 50; i++) {
            within(client.call(bytes("x")));
        }
        assertThat(heavy.get()).isEqualTo(before);
        assertThat(stats.count("clnt/c/loadbalancer/removes")).isEqualTo(1);
        endpoints.set(List.of());
        assertThatThrownBy(() -> client.call(bytes("x")).join()).isInstanceOf(Failure.NoEndpoints.class);
    }

    @Test
    void anApertureIsAsNarrowWhenAllWeighDifferently() throws Exception {
        List<Address> endpoints = new ArrayList<>();
        List<AtomicInteger> calls = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            AtomicInteger called = new AtomicInteger();
            calls.add(called);
            Listening server = serve((body, context) -> {
                called.incrementAndGet();
                return Reply.of(body);
            });
            endpoints.add(new Address("127.0.0.1", server.port(), 1 + i / 100.0));
        }
        Service<byte[], byte[]> client = client().withBalancer(
                        Balancer.Spec.aperture(new Aperture.Band(Duration.ofSeconds(5), 0.5, 100, 3)))
                .newService(Replicas.of(endpoints), "c");
        for (int i = 0; i < 500; i++) {
            within(client.call(bytes("x")));
        }
        assertThat(calls.stream().filter(each -> each.get() > 0)).hasSizeBetween(3, 5);
        assertThat(stats.gauge("clnt/c/loadbalancer/num_weight_classes")).isEqualTo(1);
    }

    @Test
    void namesThatAreNeverKnownTimeOut() {
        Service<byte[], byte[]> client =
                client().withNameTimeout(Duration.ofMillis(50)).newService(Replicas.pending(), "c");
        assertThatThrownBy(() -> client.call(bytes("x")).join())
                .isInstanceOf(Failure.TimedOut.class)
                .hasMessage("name resolution to c took longer than 50 ms");
    }

    @Test
    void everyBalancerPassesCallsOn() throws Exception {
        Listening one = serve(Service.of(body -> body));
        Listening two = serve(Service.of(body -> body));
        for (Balancer.Spec spec : List.of(
                Balancer.Spec.P2C,
                Balancer.Spec.ewma(Duration.ofSeconds(10)),
                Balancer.Spec.aperture(Aperture.Band.DEFAULT),
                Balancer.Spec.heap(),
                Balancer.Spec.roundRobin())) {
            Service<byte[], byte[]> client = client().withBalancer(spec)
                    .newService(at(one, two), spec.kind().text());
            for (int i = 0; i < 20; i++) {
                assertThat(within(client.call(bytes("x")))).isEqualTo("x");
            }
            if (spec.metric() == Balancer.Metric.OUTSTANDING) {
                assertThat(stats.gauge("clnt/" + spec.kind().text() + "/loadbalancer/load"))
                        .isZero();
            }
        }
    }

    @Test
    void aClientThatIsRefusedMostlyDropsCallsItself() {
        Listening server = serve((body, context) -> Reply.failed(Failure.rejected("busy")));
        Service<byte[], byte[]> client = client().withFailureAccrual(AccrualPolicy.Spec.NONE)
                .withRetryBudget(new RetryBudget.Spec(Duration.ofSeconds(10), 0, 0))
                .newService(at(server), "c");
        // The average moves with time: half of it in some 80 s. Drops are seen only when it is below a half, so not
        // here…
        for (int i = 0; i < 50; i++) {
            assertThatThrownBy(() -> client.call(bytes("x")).join()).isInstanceOf(Failure.class);
        }
        // …but every refusal was counted.
        assertThat(stats.gauge("clnt/c/nack_admission_control/ema_value")).isLessThan(1);
        assertThat(stats.count("clnt/c/nack_admission_control/dropped_requests"))
                .isZero();
    }

    @Test
    void aRefusalIsNotPassedUpAsOne() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        Listening far = serve((body, context) -> {
            calls.incrementAndGet();
            return Reply.failed(Failure.rejected("busy"));
        });
        Service<byte[], byte[]> toFar = client().withRetryBudget(new RetryBudget.Spec(Duration.ofSeconds(10), 0, 0))
                .newService(at(far), "far");
        Listening middle = serve((body, context) -> toFar.call(body, context));
        Service<byte[], byte[]> toMiddle = client().newService(at(middle), "middle");
        assertThatThrownBy(() -> toMiddle.call(bytes("x")).join()).isInstanceOf(Failure.ServerApplication.class);
        assertThat(calls.get()).isEqualTo(1);
    }

    @Test
    void oneTraceJoinsAllHops() throws Exception {
        BlockingQueue<Tracer.Span> spans = new ArrayBlockingQueue<>(100);
        Tracer tracer = new Tracer() {
            @Override
            public void span(Span span) {
                spans.add(span);
            }

            @Override
            public Optional<Boolean> sample(TraceId id) {
                return Optional.of(true);
            }
        };
        Listening far = Mux.server().withLabel("far").withTracer(tracer).serve("127.0.0.1:0", Service.of(body -> body));
        servers.add(far);
        Service<byte[], byte[]> toFar = client().withTracer(tracer).newService(at(far), "far");
        Listening near = Mux.server()
                .withLabel("near")
                .withTracer(tracer)
                .serve("127.0.0.1:0", (body, context) -> toFar.call(body, context));
        servers.add(near);
        within(client().withTracer(tracer).newService(at(near), "near").call(bytes("x")));
        List<Tracer.Span> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            all.add(spans.poll(20, TimeUnit.SECONDS));
        }
        assertThat(all)
                .extracting(span -> span.id().traceId())
                .containsOnly(all.get(0).id().traceId());
        Tracer.Span nearServer = span(all, "near", Tracer.Side.SERVER);
        Tracer.Span farServer = span(all, "far", Tracer.Side.SERVER);
        assertThat(span(all, "near", Tracer.Side.CLIENT).id()).isEqualTo(nearServer.id());
        assertThat(farServer.id().parentId()).isEqualTo(nearServer.id().spanId());
        assertThat(nearServer.id().isRoot()).isTrue();
    }

    private static Tracer.Span span(List<Tracer.Span> all, String service, Tracer.Side side) {
        return all.stream()
                .filter(span -> span.service().equals(service) && span.side() == side)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void serversRefuseWhatIsTooLateWhenTheyAreTold() throws Exception {
        Statistics own = new Statistics();
        Listening strict = Mux.server()
                .withLabel("s")
                .withStats(own)
                .withDeadlines(ServerParams.Deadlines.ENFORCED)
                .serve("127.0.0.1:0", Service.of(body -> body));
        servers.add(strict);
        Service<byte[], byte[]> client = client().newService(at(strict), "c");
        Context late = Context.EMPTY.withDeadline(new Deadline(1, 2));
        Context early =
                Context.EMPTY.withDeadline(Deadline.after(Duration.ofMinutes(1).toNanos(), Deadline.now()));
        for (int i = 0; i < 10; i++) {
            within(client.call(bytes("x"), early));
        }
        assertThatThrownBy(() -> client.call(bytes("x"), late).join())
                .isInstanceOf(Failure.ServerApplication.class)
                .hasMessageContaining("deadline exceeded");
        assertThat(own.count("srv/s/admission_control/deadline/rejected")).isEqualTo(1);
        // At most a fifth: two of these, one was taken.
        within(client.call(bytes("x"), early));
        int refused = 0;
        for (int i = 0; i < 5; i++) {
            Reply<byte[]> reply = client.call(bytes("x"), late);
            refused += reply.transform((value, failure) -> Reply.of(failure == null ? 0 : 1))
                    .join();
        }
        assertThat(refused).isBetween(1, 3);
    }

    @Test
    void serversLetCallsWaitInOrder() throws Exception {
        List<String> begun = java.util.Collections.synchronizedList(new ArrayList<>());
        Reply<byte[]> held = new Reply<>();
        Listening server = Mux.server().withConcurrencyLimit(1, 2).serve("127.0.0.1:0", (body, context) -> {
            begun.add(new String(body, UTF_8));
            return held.map(all -> body);
        });
        servers.add(server);
        Service<byte[], byte[]> client = client().withRetryBudget(new RetryBudget.Spec(Duration.ofSeconds(10), 0, 0))
                .newService(at(server), "c");
        Reply<byte[]> first = client.call(bytes("1"));
        eventually(() -> begun.size() == 1);
        Reply<byte[]> second = client.call(bytes("2"));
        Reply<byte[]> third = client.call(bytes("3"));
        assertThatThrownBy(() -> client.call(bytes("4")).join()).isInstanceOf(Failure.class);
        assertThat(begun).containsExactly("1");
        held.complete(bytes(""));
        assertThat(within(first) + within(second) + within(third)).isEqualTo("123");
        assertThat(begun).containsExactly("1", "2", "3");
    }

    @Test
    void closingWaitsForCallsUnderWay() throws Exception {
        Reply<byte[]> held = new Reply<>();
        Listening server = serve((body, context) -> held.map(all -> body));
        Service<byte[], byte[]> client = client().newService(at(server), "c");
        Reply<byte[]> underWay = client.call(bytes("1"));
        eventually(() -> stats.count("clnt/c/connects") == 1);
        Reply<Void> closed = Reply.from(client.close(Duration.ofSeconds(20)));
        assertThatThrownBy(() -> client.call(bytes("2")).join()).isInstanceOf(Failure.Closed.class);
        assertThat(closed.isDone()).isFalse();
        held.complete(bytes(""));
        assertThat(within(underWay)).isEqualTo("1");
        closed.get(Duration.ofSeconds(20));
    }
}
