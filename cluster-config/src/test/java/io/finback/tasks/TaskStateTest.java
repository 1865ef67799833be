package io.finback.tasks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class TaskStateTest {
    @Test
    void hasMesosNumbersEachOnce() {
        assertThat(Arrays.stream(TaskState.values()).map(TaskState::number)).doesNotHaveDuplicates();
        assertThat(TaskState.RUNNING.number()).isOne();
        assertThat(TaskState.LOST.number()).isEqualTo(5);
        assertThat(TaskState.GONE_BY_OPERATOR.number()).isEqualTo(12);
    }

    @Test
    void knowsWhatNeverRunsAgain() {
        assertThat(Arrays.stream(TaskState.values()).filter(state -> !state.isTerminal()))
                .containsExactly(
                        TaskState.STAGING,
                        TaskState.STARTING,
                        TaskState.RUNNING,
                        TaskState.KILLING,
                        TaskState.UNREACHABLE,
                        TaskState.UNKNOWN);
    }

    @Test
    void isCalledAsOnMesosWire() {
        assertThat(TaskState.GONE_BY_OPERATOR.wireName()).isEqualTo("TASK_GONE_BY_OPERATOR");
    }
}
