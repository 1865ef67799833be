package io.finback.controlplane.schedule;

import static io.finback.controlplane.schedule.JobExamples.LIMITS;
import static io.finback.controlplane.schedule.JobExamples.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.schedule.JobDefinition.CatchUp;
import io.finback.controlplane.schedule.JobDefinition.Overlap;
import io.finback.controlplane.schedule.RunRecord.Outcome;
import io.finback.tasks.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** What is owed when, and what becomes of it. Virtual time. */
class JobRulesTest {
    private JobState state = JobState.empty("nightly");
    private Instant now = START;
    private JobLimits limits = LIMITS;
    private final List<JobEvent> journal = new ArrayList<>();

    private void add(List<JobEvent> events) {
        journal.addAll(events);
        state = JobEvent.fold(state, events);
    }

    private void put(JobDefinition job) {
        add(JobRules.put(state, job, now));
        settle();
    }

    private void settle() {
        add(JobRules.settle(state, now, limits));
    }

    private void pass(Duration time) {
        now = now.plus(time);
        settle();
    }

    /** Launches what may be launched; returns the task ids. */
    private List<String> launch() {
        List<String> ids = new ArrayList<>();
        for (Run run : JobRules.launchable(state, now)) {
            ids.add(state.taskId(run));
            add(List.of(new JobEvent.RunPlaced(run.key(), JobExamples.place(now))));
        }
        return ids;
    }

    private void tell(String taskId, TaskState what) {
        add(TaskNews.events(state, JobExamples.status(taskId, what, now), now, limits));
        settle();
    }

    private void run(TaskState end) {
        for (String id : launch()) {
            tell(id, TaskState.RUNNING);
            tell(id, end);
        }
    }

    private List<RunRecord> records(Outcome outcome) {
        return state.history().stream().filter(r -> r.outcome() == outcome).toList();
    }

    /** Finding 1 of the Jepsen analysis: jobs more frequent than the horizon were forgotten. */
    @Test
    void aJobOfEverySecondRunsEverySecondOfAnHour() {
        put(JobExamples.cron("* * * * * *", Overlap.CANCEL_NEW, CatchUp.LATEST));
        for (int second = 0; second < 3600; second++) {
            now = JobRules.wake(state, now).orElseThrow();
            settle();
            run(TaskState.FINISHED);
        }
        assertThat(now).isEqualTo(START.plusSeconds(3600));
        assertThat(state.counters().successes()).isEqualTo(3600);
        assertThat(state.counters().missed()).isZero();
    }

    @Test
    void runsAsOftenAsItsRepetitionsSayAndIsDisabledThen() {
        put(JobExamples.scheduled("R3/2026-11-25T12:00:00Z/PT10S", Overlap.CANCEL_NEW, CatchUp.LATEST));
        for (int i = 0; i < 10; i++) {
            run(TaskState.FINISHED);
            pass(Duration.ofSeconds(10));
        }
        assertThat(state.counters().successes()).isEqualTo(3);
        assertThat(state.definition().orElseThrow().policy().disabled()).isTrue();
        assertThat(JobRules.wake(state, now)).as("costs nothing any more").isEmpty();
    }

    @Test
    void theSameDefinitionAgainRunsNothingAgain() {
        JobDefinition once = JobExamples.scheduled("R1/2026-11-25T12:00:00Z/PT24H", Overlap.CANCEL_NEW, CatchUp.LATEST);
        put(once);
        run(TaskState.FINISHED);
        put(once);
        assertThat(launch()).isEmpty();
        JobDefinition hourly = JobExamples.scheduled("R/2026-11-25T12:00:00Z/PT1H", Overlap.CANCEL_NEW, CatchUp.LATEST);
        put(hourly);
        run(TaskState.FINISHED);
        put(hourly);
        assertThat(launch()).isEmpty();
        assertThat(state.counters().successes()).isEqualTo(2);
        assertThat(state.next()).contains(START.plusSeconds(3600));
    }

    @Test
    void aDisabledJobOwesNothing() {
        JobDefinition job = JobExamples.cron("* * * * *", Overlap.CANCEL_NEW, CatchUp.ALL);
        put(job);
        pass(Duration.ofMinutes(1));
        put(job.withDisabled(true));
        assertThat(launch()).isEmpty();
        assertThat(records(Outcome.WITHDRAWN)).hasSize(1);
        assertThat(JobRules.wake(state, now)).isEmpty();
        pass(Duration.ofHours(1));
        put(job);
        assertThat(launch()).isEmpty();
        pass(Duration.ofMinutes(1));
        assertThat(launch()).hasSize(1);
    }

    @Test
    void anOldStartIsOneRunAsInChronos() {
        put(JobExamples.scheduled("R5/2015-01-01T00:30:00Z/PT1H", Overlap.CANCEL_NEW, CatchUp.LATEST));
        run(TaskState.FINISHED);
        assertThat(state.counters().successes()).isEqualTo(1);
        assertThat(state.left()).hasValue(4);
        assertThat(state.next()).contains(Instant.parse("2026-11-25T12:30:00Z"));
    }

    @Test
    void aShortAbsenceIsMadeUpForWholly() {
        put(JobExamples.cron("*/10 * * * * *", Overlap.CANCEL_NEW, CatchUp.LATEST));
        pass(Duration.ofSeconds(45));
        for (int i = 0; i < 4; i++) {
            assertThat(launch()).as("one after another").hasSize(1);
            state.runs().values().stream()
                    .filter(Run::launched)
                    .map(state::taskId)
                    .toList()
                    .forEach(id -> tell(id, TaskState.FINISHED));
        }
        assertThat(state.counters().successes()).isEqualTo(4);
        assertThat(state.counters().missed()).isZero();
    }

    private void away(CatchUp catchUp) {
        put(JobExamples.cron("0 * * * *", Overlap.CANCEL_NEW, catchUp));
        pass(Duration.ofHours(5).plusMinutes(30));
    }

    @Test
    void catchUpSkipRunsNothingAndSaysSo() {
        away(CatchUp.SKIP);
        assertThat(launch()).isEmpty();
        assertThat(records(Outcome.MISSED)).singleElement().satisfies(r -> {
            assertThat(r.count()).isEqualTo(5);
            assertThat(r.nominal()).isEqualTo(START.plusSeconds(3600));
            assertThat(r.until()).isEqualTo(START.plusSeconds(5 * 3600));
        });
        assertThat(state.counters().missed()).isEqualTo(5);
    }

    @Test
    void catchUpLatestRunsOneAndSaysWhatItDidNot() {
        away(CatchUp.LATEST);
        assertThat(launch())
                .singleElement()
                .asString()
                .contains(":" + START.plusSeconds(5 * 3600).toEpochMilli() + ":0:nightly:");
        assertThat(state.counters().missed()).isEqualTo(4);
    }

    @Test
    void catchUpAllRunsEachOneAfterAnother() {
        away(CatchUp.ALL);
        for (int i = 1; i <= 5; i++) {
            List<String> one = launch();
            assertThat(one)
                    .singleElement()
                    .asString()
                    .contains(":" + START.plusSeconds(i * 3600L).toEpochMilli() + ":");
            tell(one.get(0), TaskState.FINISHED);
        }
        assertThat(state.counters().missed()).isZero();
    }

    @Test
    void catchUpAllHasALimit() {
        put(JobExamples.cron("* * * * *", Overlap.CANCEL_NEW, CatchUp.ALL));
        pass(Duration.ofDays(3));
        assertThat(state.runs()).hasSize(100);
        assertThat(state.runs().size() + state.counters().missed()).isEqualTo(3 * 24 * 60);
    }

    @Test
    void aFiniteScheduleIsCaughtUpWithFromItsBeginning() {
        put(JobExamples.scheduled("R5/2026-11-25T12:00:01Z/PT1S", Overlap.CANCEL_NEW, CatchUp.ALL));
        pass(Duration.ofDays(1));
        assertThat(state.runs()).hasSize(5);
        assertThat(state.left()).hasValue(0);
        assertThat(state.counters().missed()).isZero();
    }

    @Test
    void overlapCancelNewDoesNotRunBesideTheOneBefore() {
        put(JobExamples.cron("* * * * *", Overlap.CANCEL_NEW, CatchUp.LATEST));
        pass(Duration.ofMinutes(1));
        String first = launch().get(0);
        tell(first, TaskState.RUNNING);
        pass(Duration.ofMinutes(1));
        assertThat(launch()).isEmpty();
        assertThat(records(Outcome.OVERLAPPED)).hasSize(1);
        tell(first, TaskState.FINISHED);
        pass(Duration.ofMinutes(1));
        assertThat(launch()).hasSize(1);
    }

    /** What began late because of an absence of ours does not cost the occurrences after it. */
    @Test
    void aRunThatOnlyBeganLateCancelsNothing() {
        put(JobExamples.cron("*/10 * * * * *", Overlap.CANCEL_NEW, CatchUp.LATEST));
        pass(Duration.ofSeconds(29));
        for (int i = 0; i < 20; i++) {
            List<String> launched = launch();
            launched.forEach(id -> tell(id, TaskState.RUNNING));
            pass(Duration.ofSeconds(4));
            launched.forEach(id -> tell(id, TaskState.FINISHED));
        }
        assertThat(state.counters().missed()).isZero();
        assertThat(state.counters().successes()).isGreaterThanOrEqualTo(10);
    }

    @Test
    void overlapRunBothRunsBoth() {
        put(JobExamples.cron("* * * * *", Overlap.RUN_BOTH, CatchUp.LATEST));
        pass(Duration.ofMinutes(1));
        assertThat(launch()).hasSize(1);
        pass(Duration.ofMinutes(1));
        assertThat(launch()).hasSize(1);
        assertThat(state.runs().values()).hasSize(2).allMatch(Run::launched);
    }

    @Test
    void overlapQueueRunsAfterTheOneBefore() {
        put(JobExamples.cron("* * * * *", Overlap.QUEUE, CatchUp.LATEST));
        pass(Duration.ofMinutes(1));
        String first = launch().get(0);
        pass(Duration.ofMinutes(1));
        assertThat(launch()).isEmpty();
        tell(first, TaskState.FINISHED);
        assertThat(launch()).hasSize(1);
    }

    @Test
    void overlapKillExistingWaitsForTheEndOfWhatItKills() {
        put(JobExamples.cron("* * * * *", Overlap.KILL_EXISTING, CatchUp.LATEST));
        pass(Duration.ofMinutes(1));
        String first = launch().get(0);
        tell(first, TaskState.RUNNING);
        pass(Duration.ofMinutes(1));
        assertThat(state.ofTask(first).orElseThrow().doom()).isPresent();
        assertThat(launch()).as("the old one has not ended").isEmpty();
        tell(first, TaskState.KILLED);
        assertThat(launch()).hasSize(1);
        assertThat(records(Outcome.KILLED)).hasSize(1);
        assertThat(state.counters().errors()).isZero();
    }

    @Test
    void aFailureIsTriedAgainAfterItsDelayWithANewTaskId() {
        put(JobExamples.scheduled("R1/2026-11-25T12:00:00Z/PT24H", Overlap.CANCEL_NEW, CatchUp.LATEST));
        List<String> tasks = new ArrayList<>();
        for (int attempt = 0; attempt < 3; attempt++) {
            List<String> launched = launch();
            assertThat(launched).as("attempt %d", attempt).hasSize(1);
            tasks.addAll(launched);
            tell(launched.get(0), TaskState.RUNNING);
            tell(launched.get(0), TaskState.FAILED);
            assertThat(launch()).isEmpty();
            pass(Duration.ofSeconds(60));
        }
        assertThat(launch()).isEmpty();
        String due = Long.toString(START.toEpochMilli());
        assertThat(tasks)
                .containsExactly("ct:" + due + ":0:nightly:", "ct:" + due + ":1:nightly:", "ct:" + due + ":2:nightly:");
        assertThat(state.counters().errors()).isEqualTo(1);
        assertThat(state.history()).hasSize(3);
    }

    @Test
    void aRetryIsDroppedWhenANewerOccurrenceTookItsPlace() {
        put(JobExamples.cron("*/10 * * * * *", Overlap.CANCEL_NEW, CatchUp.LATEST));
        pass(Duration.ofSeconds(10));
        run(TaskState.FAILED);
        for (int i = 0; i < 7; i++) {
            pass(Duration.ofSeconds(10));
            run(TaskState.FINISHED);
        }
        assertThat(records(Outcome.SUPERSEDED)).hasSize(1);
        assertThat(state.counters().errors()).isEqualTo(1);
        assertThat(state.counters().errorsSinceSuccess()).isZero();
        assertThat(state.counters().successes()).isEqualTo(7);
    }

    @Test
    void whatNeverReachedAMachineCostsNoRetry() {
        put(JobExamples.scheduled("R1/2026-11-25T12:00:00Z/PT24H", Overlap.CANCEL_NEW, CatchUp.LATEST));
        for (int i = 0; i < 10; i++) {
            String task = launch().get(0);
            tell(task, TaskState.DROPPED);
            pass(Duration.ofSeconds(60));
        }
        run(TaskState.FINISHED);
        assertThat(state.counters().successes()).isEqualTo(1);
        assertThat(records(Outcome.NOT_LAUNCHED)).hasSize(10);
    }

    @Test
    void manyFailuresInARowDisableAJobWhereThatIsWanted() {
        limits = new JobLimits(Duration.ofSeconds(60), Duration.ofSeconds(60), 100, 100, OptionalInt.of(3));
        put(JobExamples.job(
                new JobDefinition.Times(
                        Optional.empty(), Optional.of("* * * * *"), Optional.empty(), List.of(), Optional.empty()),
                Overlap.CANCEL_NEW,
                CatchUp.LATEST,
                0));
        for (int i = 0; i < 5; i++) {
            pass(Duration.ofMinutes(1));
            run(TaskState.FAILED);
        }
        assertThat(state.counters().errors()).isEqualTo(3);
        assertThat(state.definition().orElseThrow().policy().disabled()).isTrue();
    }

    @Test
    void aRemovedJobsNameBringsNoTaskIdBack() {
        JobDefinition job = JobExamples.scheduled("R1/2026-11-25T12:00:00Z/PT24H", Overlap.CANCEL_NEW, CatchUp.LATEST);
        put(job);
        String first = launch().get(0);
        add(JobRules.remove(state, now));
        tell(first, TaskState.KILLED);
        put(job);
        assertThat(launch()).hasSize(1).doesNotContain(first);
    }

    @Test
    void aTaskTheJobDoesNotKnowIsAStray() {
        put(JobExamples.cron("* * * * *", Overlap.CANCEL_NEW, CatchUp.LATEST));
        assertThat(TaskNews.stray(state, JobExamples.status("ct:1:0:nightly:", TaskState.RUNNING, now)))
                .isTrue();
        assertThat(TaskNews.stray(state, JobExamples.status("ct:1:0:nightly:", TaskState.FINISHED, now)))
                .isFalse();
    }

    @Test
    void manualRunsWaitForTheirTurnAndAreNeverDropped() {
        put(JobExamples.cron("0 0 * * *", Overlap.CANCEL_NEW, CatchUp.LATEST));
        for (int i = 0; i < 3; i++) {
            add(List.of(JobRules.request(state, Run.Cause.MANUAL, Optional.of("--day 1/2"), now, now, limits)
                    .orElseThrow()));
        }
        List<String> tasks = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            tasks.addAll(launch());
            tell(tasks.get(i), TaskState.FINISHED);
        }
        assertThat(tasks).hasSize(3).doesNotHaveDuplicates();
        assertThat(tasks.get(0)).isEqualTo("ct:" + START.toEpochMilli() + ":0:nightly:--day 1_2");
    }

    @Test
    void longerThanItsTimeIsAFailure() {
        JobDefinition job = JobExamples.scheduled("R1/2026-11-25T12:00:00Z/PT24H", Overlap.CANCEL_NEW, CatchUp.LATEST);
        put(new JobDefinition(
                job.name(),
                job.command(),
                job.times(),
                job.needs(),
                new JobDefinition.Policy(
                        Overlap.CANCEL_NEW, CatchUp.LATEST, 0, false, false, Optional.of(Duration.ofMinutes(5)), false),
                job.notes()));
        String task = launch().get(0);
        tell(task, TaskState.RUNNING);
        assertThat(JobRules.wake(state, now)).contains(now.plusSeconds(300));
        pass(Duration.ofMinutes(5));
        assertThat(state.ofTask(task).orElseThrow().doom()).isPresent();
        tell(task, TaskState.KILLED);
        assertThat(state.counters().errors()).isEqualTo(1);
    }

    @Test
    void anAsynchronousJobEndsWhenItIsTold() {
        JobDefinition job = JobExamples.scheduled("R1/2026-11-25T12:00:00Z/PT24H", Overlap.CANCEL_NEW, CatchUp.LATEST);
        put(new JobDefinition(
                job.name(),
                job.command(),
                job.times(),
                job.needs(),
                new JobDefinition.Policy(Overlap.CANCEL_NEW, CatchUp.LATEST, 0, false, true, Optional.empty(), false),
                job.notes()));
        String task = launch().get(0);
        tell(task, TaskState.RUNNING);
        tell(task, TaskState.FINISHED);
        assertThat(state.counters().successes()).isZero();
        add(TaskNews.told(state, task, true, now, limits));
        assertThat(state.counters().successes()).isEqualTo(1);
        assertThat(TaskNews.told(state, task, true, now, limits)).isEmpty();
    }
}
