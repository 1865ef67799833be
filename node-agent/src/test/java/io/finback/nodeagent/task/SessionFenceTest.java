package io.finback.nodeagent.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SessionFenceTest {
    private final SessionFence fence = new SessionFence();

    @Test
    void anOlderSessionIsNeverAdmittedAgain() {
        assertThat(fence.admit(7, 0)).isTrue();
        assertThat(fence.admit(7, 0)).isFalse();
        fence.leave();

        assertThat(fence.admit(6, 0)).isFalse();
        assertThat(fence.current()).isEmpty();
        assertThat(fence.admit(8, 0)).isTrue();
        assertThat(fence.current()).hasValue(8);
    }

    @Test
    void hearsOnlyItsOwnSessionAndCountsSilenceFromThere() {
        assertThat(fence.hear(7, 0)).isFalse();
        assertThat(fence.admit(7, 100)).isTrue();

        assertThat(fence.hear(6, 500)).isFalse();
        assertThat(fence.silence(1100)).isEqualTo(Duration.ofNanos(1000));
        assertThat(fence.hear(7, 1100)).isTrue();
        assertThat(fence.silence(1100)).isZero();
    }
}
