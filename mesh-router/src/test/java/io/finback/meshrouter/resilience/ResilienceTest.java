package io.finback.meshrouter.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.resilience.FailureAccrual.Outcome;
import io.finback.meshrouter.resilience.ResponseClassifier.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ResilienceTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final RandomGenerator random = new SplittableRandom(7);

    /** Thousands of ends at once, some of them failures: what is counted in a row is neither lost nor invented. */
    @Test
    void endsFromManyThreadsCountFailuresInARow() throws InterruptedException {
        for (int round = 0; round < 50; round++) {
            FailureAccrual accrual = new FailureAccrual(
                    new AccrualPolicy.Spec(
                            () -> AccrualPolicy.consecutiveFailures(4_000), new Backoff.Constant(Duration.ofHours(1))),
                    new java.util.SplittableRandom(round));
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                Thread thread = new Thread(() -> {
                    for (int i = 0; i < 1_000; i++) {
                        accrual.end(Outcome.FAILURE, 0);
                        accrual.end(Outcome.IGNORED, 0);
                    }
                });
                threads.add(thread);
                thread.start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(accrual.removals()).isEqualTo(1);
            assertThat(accrual.isOpen(0)).isFalse();
        }
        FailureAccrual calm = new FailureAccrual(AccrualPolicy.Spec.DEFAULT, new java.util.SplittableRandom(1));
        for (int i = 0; i < 100; i++) {
            assertThat(calm.end(i % 5 == 4 ? Outcome.SUCCESS : Outcome.FAILURE, 0))
                    .isEqualTo(FailureAccrual.Change.NONE);
        }
    }

    @Test
    void equalJitterDoublesUpToTheMost() {
        Backoff backoff = new Backoff.EqualJittered(Duration.ofSeconds(5), Duration.ofMinutes(5));
        long[][] seconds = {{5, 5}, {5, 10}, {10, 20}, {20, 40}, {40, 80}, {80, 160}, {160, 300}, {300, 300}, {300, 300}
        };
        Duration last = Duration.ZERO;
        for (int tries = 0; tries < seconds.length; tries++) {
            last = backoff.next(tries, last, random);
            assertThat(last).isBetween(Duration.ofSeconds(seconds[tries][0]), Duration.ofSeconds(seconds[tries][1]));
        }
        assertThat(backoff.next(1_000, last, random)).isEqualTo(Duration.ofMinutes(5));
    }

    @Test
    void decorrelatedJitterGrowsAtMostThreefoldUpToTheMost() {
        Backoff backoff = new Backoff.DecorrelatedJittered(Duration.ofMillis(5), Duration.ofMillis(200));
        Duration last = backoff.next(0, Duration.ZERO, random);
        assertThat(last).isEqualTo(Duration.ofMillis(5));
        for (int tries = 1; tries < 50; tries++) {
            Duration next = backoff.next(tries, last, random);
            assertThat(next).isBetween(last, Duration.ofMillis(Math.min(200, last.toMillis() * 3 + 3)));
            last = next;
        }
        assertThat(last).isBetween(Duration.ofMillis(199), Duration.ofMillis(200));
    }

    @Test
    void refusesImpossibleBackoffs() {
        assertThatThrownBy(() -> new Backoff.EqualJittered(Duration.ofSeconds(5), Duration.ofSeconds(1)))
                .hasMessageContaining("maxMs: 1000 (expected: >= minMs, 5000)");
        assertThatThrownBy(() -> new Backoff.Constant(Duration.ofMillis(-1))).hasMessageContaining("ms: -1");
    }

    private FailureAccrual accrual(Supplier<AccrualPolicy> policy) {
        return new FailureAccrual(
                new AccrualPolicy.Spec(policy, new Backoff.EqualJittered(Duration.ofSeconds(5), Duration.ofMinutes(5))),
                random);
    }

    @Test
    void leavesAnEndpointAloneAfterFiveFailuresInARow() {
        FailureAccrual accrual = accrual(() -> AccrualPolicy.consecutiveFailures(5));
        fail(accrual, 4, 0);
        accrual.end(Outcome.SUCCESS, 0);
        fail(accrual, 4, 0);
        assertThat(accrual.isOpen(0)).isTrue();
        fail(accrual, 1, 0);
        assertThat(accrual.isOpen(5 * SECOND - 1)).isFalse();
        assertThat(accrual.isOpen(5 * SECOND)).isTrue();
        assertThat(accrual.removals()).isEqualTo(1);
    }

    @Test
    void oneProbeDecidesBehindThePause() {
        FailureAccrual accrual = accrual(() -> AccrualPolicy.consecutiveFailures(1));
        fail(accrual, 1, 0);
        long now = 5 * SECOND;
        accrual.begin(now);
        assertThat(accrual.isOpen(now)).as("while the probe is under way").isFalse();
        accrual.end(Outcome.FAILURE, now);
        assertThat(accrual.isOpen(now + 5 * SECOND - 1)).isFalse();
        now += 10 * SECOND;
        accrual.begin(now);
        accrual.end(Outcome.IGNORED, now);
        assertThat(accrual.isOpen(now)).as("after a probe that said nothing").isTrue();
        accrual.begin(now);
        accrual.end(Outcome.SUCCESS, now);
        assertThat(accrual.isOpen(now)).isTrue();
        assertThat(accrual.revivals()).isEqualTo(1);
        assertThat(accrual.probes()).isEqualTo(3);
        fail(accrual, 1, now);
        assertThat(accrual.isOpen(now + 5 * SECOND)).as("pauses begin anew").isTrue();
    }

    @Test
    void successRateNeedsEnoughRequests() {
        FailureAccrual accrual = accrual(() -> AccrualPolicy.successRate(0.8, 10));
        fail(accrual, 9, 0);
        assertThat(accrual.isOpen(0)).isTrue();
        fail(accrual, 1, 0);
        assertThat(accrual.isOpen(0)).isFalse();
    }

    @Test
    void successRateOfMostlyGoodAnswersMarksNobody() {
        FailureAccrual accrual = accrual(() -> AccrualPolicy.successRate(0.8, 100));
        for (int i = 0; i < 10_000; i++) {
            accrual.end(i % 20 == 19 ? Outcome.FAILURE : Outcome.SUCCESS, 0);
        }
        assertThat(accrual.removals()).isZero();
    }

    @Test
    void windowedRateNeedsItsWindowAndFiveRequests() {
        FailureAccrual accrual = accrual(() -> AccrualPolicy.successRateWithin(0.8, Duration.ofSeconds(30), 5, 0));
        fail(accrual, 10, SECOND);
        assertThat(accrual.isOpen(SECOND)).as("younger than the window").isTrue();
        fail(accrual, 4, 100 * SECOND);
        assertThat(accrual.isOpen(100 * SECOND))
                .as("four requests in the window")
                .isTrue();
        fail(accrual, 1, 100 * SECOND);
        assertThat(accrual.isOpen(100 * SECOND)).isFalse();
    }

    @Test
    void budgetAllowsAFifthOfTheRequestsAndAFewMore() {
        RetryBudget budget = new RetryBudget(new RetryBudget.Spec(Duration.ofSeconds(10), 0, 0.2));
        assertThat(budget.tryWithdraw(0)).isFalse();
        for (int i = 0; i < 100; i++) {
            budget.deposit(0);
        }
        assertThat(budget.balance(0)).isEqualTo(20);
        int taken = 0;
        while (budget.tryWithdraw(SECOND)) {
            taken++;
        }
        assertThat(taken).isEqualTo(20);
        RetryBudget reserve = new RetryBudget(RetryBudget.Spec.DEFAULT);
        assertThat(reserve.balance(0)).as("10 a second for 10 seconds").isEqualTo(100);
    }

    @Test
    void depositsExpire() {
        RetryBudget budget = new RetryBudget(new RetryBudget.Spec(Duration.ofSeconds(10), 0, 0.5));
        for (int i = 0; i < 10; i++) {
            budget.deposit(i * SECOND);
        }
        assertThat(budget.balance(9 * SECOND)).isEqualTo(5);
        assertThat(budget.balance(14 * SECOND)).isEqualTo(2);
        assertThat(budget.balance(60 * SECOND)).isZero();
    }

    @Test
    void classifiesByMethodAndStatus() {
        assertThat(verdicts(ResponseClassifier.NON_RETRYABLE_5XX))
                .containsExactly(Verdict.SUCCESS, Verdict.FAILURE, Verdict.FAILURE, Verdict.FAILURE);
        assertThat(verdicts(ResponseClassifier.RETRYABLE_READ_5XX))
                .containsExactly(Verdict.SUCCESS, Verdict.RETRYABLE_FAILURE, Verdict.FAILURE, Verdict.FAILURE);
        assertThat(verdicts(ResponseClassifier.RETRYABLE_IDEMPOTENT_5XX))
                .containsExactly(
                        Verdict.SUCCESS, Verdict.RETRYABLE_FAILURE, Verdict.RETRYABLE_FAILURE, Verdict.FAILURE);
        assertThat(verdicts(ResponseClassifier.RETRYABLE_ALL_5XX)).contains(Verdict.RETRYABLE_FAILURE);
        assertThat(ResponseClassifier.ALL_SUCCESSFUL.classify("GET", 503, true)).isEqualTo(Verdict.SUCCESS);
        assertThat(ResponseClassifier.NON_RETRYABLE_5XX.classify("POST", 503, true))
                .isEqualTo(Verdict.RETRYABLE_FAILURE);
    }

    private static List<Verdict> verdicts(ResponseClassifier classifier) {
        List<Verdict> verdicts = new ArrayList<>();
        verdicts.add(classifier.classify("GET", 404, false));
        for (String method : List.of("GET", "PUT", "POST")) {
            verdicts.add(classifier.classify(method, 500, false));
        }
        return verdicts;
    }

    private static void fail(FailureAccrual accrual, int times, long now) {
        for (int i = 0; i < times; i++) {
            accrual.end(Outcome.FAILURE, now);
        }
    }

    @Test
    void aClientDropsCallsItselfWhenMostAreRefused() {
        long second = Duration.ofSeconds(1).toNanos();
        NackRate rate = new NackRate(0);
        long now = 0;
        assertThat(rate.drops(0, now)).isFalse();
        for (int i = 0; i < 1_000; i++) {
            now += second / 10;
            boolean unused = rate.drops(1, now);
            rate.ended(true, now);
        }
        // 100 s of refusals: e^(-100/120) of the average is left, which is below a half.
        assertThat(rate.value()).isBetween(0.43, 0.44);
        double share = 1 - rate.value() / 0.5;
        assertThat(rate.drops(share - 0.01, now)).isTrue();
        assertThat(rate.drops(share + 0.01, now)).isFalse();
        for (int i = 0; i < 10_000; i++) {
            now += second / 10;
            boolean unused = rate.drops(1, now);
            rate.ended(true, now);
        }
        assertThat(rate.value()).isLessThan(0.01);
        assertThat(rate.drops(0.74, now)).as("three quarters at most").isTrue();
        assertThat(rate.drops(0.76, now)).isFalse();
        for (int i = 0; i < 10; i++) {
            now += second / 2;
            boolean unused = rate.drops(1, now);
        }
        assertThat(rate.drops(0, now)).as("two calls a second are left alone").isFalse();
    }
}
