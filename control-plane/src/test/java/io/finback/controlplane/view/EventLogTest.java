package io.finback.controlplane.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.resources.AgentId;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EventLogTest {
    private final EventLog log = new EventLog(3);

    @Test
    void givesWhatFollowsAPlace() {
        assertThat(log.after(0, 10)).hasValue(List.of());
        assertThat(log.append(events(2))).isEqualTo(2);
        assertThat(numbers(0)).containsExactly(1L, 2L);
        assertThat(numbers(1)).containsExactly(2L);
        assertThat(log.after(2, 10)).hasValue(List.of());
        assertThat(log.after(0, 1).orElseThrow()).hasSize(1);
    }

    @Test
    void knowsNothingOfTheFutureAndForgetsThePast() {
        log.append(events(5));
        assertThat(log.after(6, 10)).isEmpty();
        assertThat(log.after(1, 10)).isEmpty();
        assertThat(numbers(2)).containsExactly(3L, 4L, 5L);
    }

    @Test
    void whoStoodBeforeAGapHasLostItsPlace() {
        log.append(events(2));
        log.breakOff();
        assertThat(log.after(2, 10)).isEmpty();
        assertThat(log.after(log.last(), 10)).hasValue(List.of());
        log.append(events(1));
        assertThat(numbers(3)).containsExactly(4L);
    }

    @Test
    void wakesWhoFollowsUntilItLeaves() {
        AtomicInteger woken = new AtomicInteger();
        Runnable leave = log.follow(woken::incrementAndGet);
        log.wake();
        leave.run();
        log.wake();
        assertThat(woken).hasValue(1);
    }

    @Test
    void refusesToKeepNothing() {
        assertThatThrownBy(() -> new EventLog(0)).hasMessageContaining("capacity: 0");
    }

    private List<Long> numbers(long after) {
        return log.after(after, 10).orElseThrow().stream()
                .map(page -> page.items().get(0).number())
                .toList();
    }

    private static List<ClusterEvent> events(int count) {
        return java.util.stream.IntStream.range(0, count)
                .<ClusterEvent>mapToObj(i -> new ClusterEvent.AgentRemoved(AgentId.of("a" + i)))
                .toList();
    }
}
