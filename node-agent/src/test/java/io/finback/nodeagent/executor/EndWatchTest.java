package io.finback.nodeagent.executor;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.Containerizer;
import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.containerizer.Usage;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.nodeagent.testing.Await;
import io.finback.nodeagent.testing.Tasks;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskInfo;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/** Of many tasks, whose processes are played by the test. */
class EndWatchTest {
    private static final int TASKS = 50;
    private static final int LOOKS = 8;

    @Test
    void looksAtSoManyEachTimeAndMissesNone() {
        Played played = new Played();
        ConcurrentLinkedQueue<TaskKey> heard = new ConcurrentLinkedQueue<>();
        EndWatch.Listener listener = new EndWatch.Listener() {
            @Override
            public void began(TaskKey task, ContainerRef process, ContainerRef running) {}

            @Override
            public void ended(TaskKey task, ContainerRef process, Exit exit) {
                heard.add(task);
            }
        };
        EndWatch watch = EndWatch.start(
                new Containerizers(List.of(played)), listener, Duration.ofMillis(10), Duration.ofMillis(10), LOOKS);
        try {
            for (int number = 0; number < TASKS; number++) {
                watch.watch(Tasks.key("t" + number), new ProcessRef("b", number + 1, 0, 0, 0));
            }
            Await.until("each was looked at", () -> Set.copyOf(played.looked).size() == TASKS);

            played.over = true;

            Await.until("all have ended", () -> heard.size() >= TASKS);
            assertThat(heard).doesNotHaveDuplicates().hasSize(TASKS);
            assertThat(played.together).allMatch(ended -> ended <= LOOKS);
        } finally {
            watch.close();
        }
    }

    private static final class Played implements Containerizer {
        private final ConcurrentLinkedQueue<Long> looked = new ConcurrentLinkedQueue<>();
        private final ConcurrentLinkedQueue<Integer> together = new ConcurrentLinkedQueue<>();
        private volatile boolean over;

        @Override
        public String name() {
            return Containerizers.MESOS;
        }

        @Override
        public Optional<Exit> exit(ContainerRef container) {
            looked.add(container.leader().orElseThrow());
            return over ? Optional.of(new Exit.Exited(0)) : Optional.empty();
        }

        @Override
        public void sweep(List<ContainerRef> ended) {
            together.add(ended.size());
        }

        @Override
        public Optional<String> objection(TaskInfo task) {
            return Optional.empty();
        }

        @Override
        public ContainerRef prepare(ContainerSpec spec) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean release(ContainerRef prepared) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void discard(ContainerRef prepared) {}

        @Override
        public void discardAll() {}

        @Override
        public void terminate(ContainerRef container) {}

        @Override
        public void forceKill(ContainerRef container) {}

        @Override
        public void forget(ContainerRef container) {}

        @Override
        public void endOrphans(Set<String> known) {}

        @Override
        public Map<ContainerRef, Usage> usage(Collection<ContainerRef> containers) {
            return Map.of();
        }
    }
}
