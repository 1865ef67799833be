package io.finback.controlplane.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class PatienceTest {
    private static final Duration LIMIT = Duration.ofMillis(400);

    private final AtomicInteger asked = new AtomicInteger();

    /** Never answered, until its own limit. */
    private static CompletionStage<String> lost(Duration limit) {
        return new CompletableFuture<String>().orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    private String ask(Function<Duration, CompletionStage<String>> ask) throws Exception {
        return Patience.ask(LIMIT, limit -> {
                    asked.incrementAndGet();
                    return ask.apply(limit);
                })
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
    }

    @Test
    void aQuestionThatIsLostIsAskedAgain() throws Exception {
        assertThat(ask(limit -> asked.get() < 3 ? lost(limit) : CompletableFuture.completedFuture("yes")))
                .isEqualTo("yes");
        assertThat(asked).hasValue(3);
    }

    @Test
    void oneThatIsAnsweredIsAskedOnce() throws Exception {
        assertThat(ask(limit -> CompletableFuture.completedFuture("yes"))).isEqualTo("yes");
        assertThat(asked).hasValue(1);
    }

    @Test
    void aSlowAnswerToTheFirstQuestionCounts() throws Exception {
        CompletableFuture<String> slow = new CompletableFuture<>();
        assertThat(ask(limit -> {
                    if (asked.get() == 2) {
                        slow.complete("slow");
                    }
                    return asked.get() == 1 ? slow : lost(limit);
                }))
                .isEqualTo("slow");
    }

    @Test
    void whatIsNotAnsweredIsSaidAgainAsItWas() throws Exception {
        CompletableFuture<String> answer = new CompletableFuture<>();
        assertThat(Patience.repeat(LIMIT, answer, () -> {
                            if (asked.incrementAndGet() == 2) {
                                answer.complete("late");
                            }
                        })
                        .toCompletableFuture()
                        .get(30, TimeUnit.SECONDS))
                .isEqualTo("late");
        assertThat(asked).hasValue(2);
    }

    /** What sharding drops while an app moves is hardly noticed. */
    @Test
    void theSecondTimeIsLongBeforeAQuarterOfTheLimit() throws Exception {
        CompletableFuture<String> answer = new CompletableFuture<>();
        assertThat(Patience.repeat(Duration.ofSeconds(16), answer, () -> answer.complete("soon"))
                        .toCompletableFuture()
                        .get(3_900, TimeUnit.MILLISECONDS))
                .isEqualTo("soon");
    }

    @Test
    void nobodyWaitsLongerThanTheLimit() {
        assertThatThrownBy(() -> ask(PatienceTest::lost)).hasCauseInstanceOf(TimeoutException.class);
        assertThat(asked.get()).isBetween(1, 6);
    }
}
