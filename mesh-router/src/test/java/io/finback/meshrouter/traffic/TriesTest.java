package io.finback.meshrouter.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.resilience.AccrualPolicy;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.meshrouter.resilience.FailureAccrual.Outcome;
import io.finback.meshrouter.resilience.ResponseClassifier;
import io.finback.meshrouter.resilience.RetryBudget;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TriesTest {
    private static final long MILLI = 1_000_000;

    private final ClientPolicy policy = new ClientPolicy(
            Balancer.Spec.P2C,
            AccrualPolicy.Spec.NONE,
            RetryBudget.Spec.DEFAULT,
            false,
            Optional.empty(),
            PoolPolicy.UNLIMITED,
            Optional.empty(),
            Usual.CLIENT);
    private final List<Endpoint> endpoints =
            List.of(new Endpoint("a", 1, 1, policy), new Endpoint("b", 1, 1, policy), new Endpoint("c", 1, 1, policy));

    private final Destination destination = new Destination() {
        private final Stats stats = new Stats();
        private final RetryBudget requeues = new RetryBudget(policy.requeues());

        @Override
        public String id() {
            return "/x";
        }

        @Override
        public List<Endpoint> endpoints() {
            return endpoints;
        }

        @Override
        public Stats stats() {
            return stats;
        }

        @Override
        public Endpoint pick(List<Endpoint> candidates, long nowNanos) {
            return candidates.get(0);
        }

        @Override
        public ClientPolicy policy() {
            return policy;
        }

        @Override
        public RetryBudget requeues() {
            return requeues;
        }
    };
    private final Service service = new Service(new ServicePolicy(
            ResponseClassifier.NON_RETRYABLE_5XX,
            Optional.empty(),
            Usual.STREAMS,
            RetryBudget.Spec.DEFAULT,
            new Backoff.Constant(Duration.ZERO),
            Optional.empty()));

    private Tries tries(int limit) {
        return new Tries(new Routing.To("/svc/x", service, destination, "/", ""), limit, Duration.ofSeconds(1));
    }

    @Test
    void goesToWhatWasNotTriedWhileThereIsSomething() {
        Tries tries = tries(3);
        for (String host : List.of("a", "b", "c", "a")) {
            assertThat(tries.next(0)).hasToString(host + ":1");
            tries.end(Outcome.FAILURE, 0, -1, MILLI);
        }
        assertThat(tries.retries(0)).as("three beside the first").isFalse();
        assertThat(destination.stats().requests()).isEqualTo(4);
    }

    /** A host that is gone does not even refuse: each connect takes its whole time. */
    @Test
    void instancesThatDoNotAnswerTakeThreeConnectTimeoutsAtMost() {
        Tries tries = tries(100);
        long now = 0;
        int attempts = 0;
        do {
            assertThat(tries.next(now)).isNotNull();
            attempts++;
            now += 1_000 * MILLI;
            tries.end(Outcome.FAILURE, 0, -1, now);
        } while (tries.requeues(now));
        assertThat(attempts).isEqualTo(3);
        Tries quick = tries(100);
        for (int i = 0; i < 20; i++) {
            assertThat(quick.next(now)).isNotNull();
            now += MILLI;
            assertThat(quick.requeues(now)).as("refused at once").isTrue();
            quick.end(Outcome.FAILURE, 0, -1, now);
        }
    }
}
