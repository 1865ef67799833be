package io.finback.controlplane.schedule;

import static io.finback.controlplane.schedule.JobExamples.LIMITS;
import static io.finback.controlplane.schedule.JobExamples.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.schedule.JobDefinition.CatchUp;
import io.finback.controlplane.schedule.JobDefinition.Overlap;
import io.finback.tasks.TaskState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Random histories of one job: the entity crashes at any point and stays away for a while, launches and updates are lost, late or doubled,
 * tasks fail. After each step: no task id is launched twice, and no two tasks run at once where they must not. At the end: every nominal
 * time was either opened as one run, which came to an end, or is in the record as one that did not run. A failing seed is in the message.
 */
class JobCrashesTest {
    private static final int SEEDS = 60;
    private static final int SECONDS = 1200;

    @Test
    void noOccurrenceRunsTwiceAndNoneVanishes() {
        for (int seed = 0; seed < SEEDS; seed++) {
            new World(seed).run();
        }
    }

    private static final class World {
        final String name;
        final SplittableRandom random;
        final JobDefinition job;
        final List<JobEvent> journal = new ArrayList<>();
        JobState state = JobState.empty("nightly");
        Instant now = START;
        Instant back = START;
        final Set<String> everLaunched = new HashSet<>();
        final Map<String, TaskState> cluster = new HashMap<>();
        final Map<String, Instant> endsAt = new HashMap<>();
        final Map<String, TaskState> unacknowledged = new HashMap<>();

        World(int seed) {
            name = "seed " + seed;
            random = new SplittableRandom(seed);
            Overlap overlap = List.of(Overlap.values()).get(random.nextInt(Overlap.values().length));
            CatchUp catchUp = List.of(CatchUp.values()).get(random.nextInt(CatchUp.values().length));
            String[] steps = {"PT1S", "PT7S", "PT30S", "PT2M"};
            String schedule = "R/2026-11-25T12:00:05Z/" + steps[random.nextInt(steps.length)];
            job = random.nextBoolean()
                    ? JobExamples.scheduled(schedule, overlap, catchUp)
                    : JobExamples.cron("*/" + (1 + random.nextInt(29)) + " * * * * *", overlap, catchUp);
        }

        void run() {
            persist(JobRules.put(state, job, now));
            for (int second = 0; second < SECONDS; second++) {
                step(true);
            }
            // Faults stop, the job is removed, everything that runs comes to its end.
            Instant end = now;
            back = now;
            settle();
            long due = due(end);
            persist(JobRules.remove(state, now));
            for (int second = 0; second < 300; second++) {
                step(false);
            }
            account(due);
        }

        private void step(boolean faults) {
            now = now.plusMillis(500 + random.nextInt(700));
            tasks();
            if (faults && random.nextInt(60) == 0) {
                crash();
            }
            if (now.isBefore(back)) {
                return;
            }
            settle();
            launch(faults);
            updates(faults);
            long live = cluster.values().stream().filter(s -> !s.isTerminal()).count();
            if (job.policy().overlap() != Overlap.RUN_BOTH) {
                assertThat(live).as(name + ": copies at once").isLessThanOrEqualTo(1);
            }
        }

        /** What was in memory is gone; the journal is all there is. */
        private void crash() {
            state = JobEvent.fold(JobState.empty("nightly"), journal);
            back = now.plusSeconds(random.nextInt(200));
        }

        private void persist(List<JobEvent> events) {
            journal.addAll(events);
            state = JobEvent.fold(state, events);
        }

        private void settle() {
            persist(JobRules.settle(state, now, LIMITS));
        }

        private void launch(boolean faults) {
            for (Run run : JobRules.launchable(state, now)) {
                if (random.nextInt(4) == 0) {
                    continue; // no offer
                }
                persist(List.of(new JobEvent.RunPlaced(run.key(), JobExamples.place(now))));
                String task = state.taskId(run);
                assertThat(everLaunched.add(task))
                        .as(name + ": " + task + " launched again")
                        .isTrue();
                if (faults && random.nextInt(20) == 0) {
                    crash();
                    // Journaled, and perhaps never sent: reconciliation will say that nobody knows it.
                    if (random.nextBoolean()) {
                        unacknowledged.put(task, TaskState.UNKNOWN);
                        return;
                    }
                }
                cluster.put(task, TaskState.RUNNING);
                unacknowledged.put(task, TaskState.RUNNING);
                endsAt.put(task, now.plusMillis(random.nextInt(90_000)));
                if (now.isBefore(back)) {
                    return;
                }
            }
        }

        private void tasks() {
            for (String task : Set.copyOf(endsAt.keySet())) {
                boolean killed =
                        state.ofTask(task).map(r -> r.doom().isPresent()).orElse(true);
                if (killed || !now.isBefore(endsAt.get(task))) {
                    TaskState end =
                            killed ? TaskState.KILLED : random.nextInt(3) == 0 ? TaskState.FAILED : TaskState.FINISHED;
                    cluster.put(task, end);
                    unacknowledged.put(task, end);
                    endsAt.remove(task);
                }
            }
        }

        private void updates(boolean faults) {
            for (Map.Entry<String, TaskState> update :
                    Map.copyOf(unacknowledged).entrySet()) {
                if (faults && random.nextInt(4) == 0) {
                    continue; // lost, and said again
                }
                var status = JobExamples.status(update.getKey(), update.getValue(), now);
                persist(TaskNews.events(state, status, now, LIMITS));
                if (random.nextInt(4) != 0) {
                    unacknowledged.remove(update.getKey(), update.getValue()); // else it comes twice
                }
            }
        }

        private long due(Instant end) {
            return job.timetable()
                    .orElseThrow()
                    .backlog(START.plusNanos(1), end.plusNanos(1), 1)
                    .count();
        }

        private void account(long due) {
            Set<Instant> opened = new TreeSet<>();
            Set<Long> ended = new HashSet<>();
            long skipped = 0;
            long runs = 0;
            for (JobEvent event : journal) {
                if (event instanceof JobEvent.RunsOpened o) {
                    for (Run run : o.opened()) {
                        runs++;
                        assertThat(opened.add(run.nominal()))
                                .as(name + ": " + run.nominal() + " twice")
                                .isTrue();
                    }
                } else if (event instanceof JobEvent.Skipped s) {
                    skipped += s.record().count();
                } else if (event instanceof JobEvent.RunEnded e && e.again().isEmpty()) {
                    assertThat(ended.add(e.key())).as(name + ": ended twice").isTrue();
                }
            }
            assertThat(runs + skipped).as(name + ": opened or written down").isEqualTo(due);
            assertThat(ended).as(name + ": every run ended").hasSize((int) runs);
            assertThat(state.runs()).as(name).isEmpty();
        }
    }
}
