package io.finback.controlplane.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.scheduler.Demand;
import io.finback.controlplane.scheduler.Examples;
import io.finback.resources.Resources;
import io.finback.tasks.TaskState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How fast what vanished with its agents is replaced. */
class VanishedTest {
    private static Demand demand(String app, int waiting) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < waiting; i++) {
            ids.add(app + ".new-" + i);
        }
        return new Demand(app, 1, Resources.EMPTY, List.of(), false, List.of(), ids, Instant.EPOCH, List.of());
    }

    private static int waiting(List<Demand> demands) {
        return demands.stream().mapToInt(d -> d.waiting().size()).sum();
    }

    @Test
    void aRackThatGoesIsReplacedSlowlyAndNothingElseWaits() {
        Vanished vanished = new Vanished(10, 5);
        assertThat(waiting(vanished.paced(List.of(demand("/a", 100)), Examples.NOW)))
                .isEqualTo(100);
        for (int i = 0; i < 30; i++) {
            vanished.note("/a", Examples.status("a.old-" + i, TaskState.UNREACHABLE));
        }
        // Ten at once; the scale-up beside them is not held up.
        Demand mixed = demand("/a", 40);
        List<Demand> first = vanished.paced(List.of(mixed, demand("/b", 7)), Examples.NOW);
        assertThat(waiting(first)).isEqualTo(10 + 10 + 7);
        vanished.placed(mixed, 20);
        Demand rest = demand("/a", 20);
        assertThat(vanished.paced(List.of(rest), Examples.NOW)).isEmpty();
        // Five more each second.
        assertThat(waiting(vanished.paced(List.of(rest), Examples.NOW.plusSeconds(1))))
                .isEqualTo(5);
        vanished.placed(rest, 5);
        assertThat(waiting(vanished.paced(List.of(demand("/a", 15)), Examples.NOW.plusSeconds(2))))
                .isEqualTo(5);
        // What comes back is not replaced, and frees no place for others.
        for (int i = 0; i < 30; i++) {
            vanished.note("/a", Examples.status("a.old-" + i, TaskState.RUNNING));
        }
        assertThat(waiting(vanished.paced(List.of(demand("/a", 15)), Examples.NOW.plusSeconds(2))))
                .isEqualTo(15);
    }

    @Test
    void aLaunchThatWasRefusedHasNotVanished() {
        Vanished vanished = new Vanished(1, 1);
        vanished.note("/a", Examples.status("a.1", TaskState.FAILED));
        vanished.note("/a", Examples.status("a.2", TaskState.KILLED));
        assertThat(waiting(vanished.paced(List.of(demand("/a", 3)), Examples.NOW)))
                .isEqualTo(3);
    }
}
