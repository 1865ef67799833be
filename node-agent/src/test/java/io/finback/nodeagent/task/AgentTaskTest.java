package io.finback.nodeagent.task;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.nodeagent.task.Step.Action;
import io.finback.nodeagent.testing.Tasks;
import io.finback.resources.Resources;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AgentTaskTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final ProcessRef PROCESS = new ProcessRef("boot", 42, 1000, 41, 999);

    private int uuids;

    @Test
    void startsAfterItIsStored() {
        assertThat(staged().stored().actions()).containsExactly(Action.PREPARE);
        Step step = staged().prepared(PROCESS, stamp());
        assertThat(step.actions()).containsExactly(Action.RELEASE);
        assertThat(step.next().isRunning()).isTrue();
        assertThat(step.next().unacknowledged()).singleElement().satisfies(update -> {
            assertThat(update.state()).isEqualTo(TaskState.RUNNING);
            assertThat(update.pid()).contains(42L);
        });
    }

    @Test
    void aKillBeforeTheProcessMeansItNeverRuns() {
        Step killed = staged().kill(GRACE, new Stamp(NOON, "k"));
        assertThat(killed.actions()).isEmpty();
        Step step = killed.next().prepared(PROCESS, stamp());
        assertThat(step.actions()).containsExactly(Action.DISCARD);
        assertThat(step.next().state()).isEqualTo(TaskState.KILLED);
        assertThat(killed.next().resumed(stamp()).next().state()).isEqualTo(TaskState.KILLED);
        assertThat(killed.next().notStarted("no room", stamp()).next().state()).isEqualTo(TaskState.KILLED);
    }

    @Test
    void whatTheAgentCondemnsEndsAsTheVerdictSays() {
        Verdict verdict = new Verdict(TaskState.KILLED, Optional.of("WHY"), "3 checks failed", Optional.of(false));
        Step step = running().condemned(verdict, GRACE, new Stamp(NOON, "k"));
        assertThat(step.actions()).containsExactly(Action.TERMINATE);
        assertThat(step.armGrace()).contains(GRACE);

        AgentTask ended =
                step.next().ended(new Exit.Signaled(15, false), true, stamp()).next();

        TaskStatus last = ended.unacknowledged().get(ended.unacknowledged().size() - 1);
        assertThat(last.state()).isEqualTo(TaskState.KILLED);
        assertThat(last.reason()).contains("WHY");
        assertThat(last.healthy()).contains(false);
        assertThat(last.message()).contains("3 checks failed; Command terminated with signal Terminated");
    }

    @Test
    void anOrderThatCameFirstIsNoFailure() {
        AgentTask ordered = running().kill(GRACE, new Stamp(NOON, "k")).next();
        Step step = ordered.condemned(Verdict.failed("WHY", "too big"), GRACE, new Stamp(NOON, "k"));
        assertThat(step.actions()).isEmpty();
        assertThat(step.next()).isEqualTo(ordered);
        assertThat(staged().condemned(Verdict.failed("WHY", "too big"), GRACE, new Stamp(NOON, "k"))
                        .next())
                .isEqualTo(staged());
    }

    @Test
    void aBrokenLimitIsAFailureThatNamesIt() {
        AgentTask ended = running()
                .ended(
                        new Exit.Limited(
                                "CONTAINER_LIMITATION_MEMORY",
                                "used 33 of 32 MiB",
                                Optional.of(Resources.of(0, 32, 0)),
                                new Exit.Signaled(9, false)),
                        true,
                        stamp())
                .next();
        TaskStatus last = ended.unacknowledged().get(ended.unacknowledged().size() - 1);
        assertThat(last.state()).isEqualTo(TaskState.FAILED);
        assertThat(last.reason()).contains("CONTAINER_LIMITATION_MEMORY");
        assertThat(last.details().limitation()).contains(Resources.of(0, 32, 0));
        assertThat(last.message()).contains("used 33 of 32 MiB; Command terminated with signal Killed");
    }

    @Test
    void escalatesFromTermToKillUntilItEnds() {
        Step first = running().kill(GRACE, new Stamp(NOON, "k"));
        assertThat(first.actions()).containsExactly(Action.TERMINATE);
        assertThat(first.armGrace()).contains(GRACE);
        assertThat(last(first.next()).state()).isEqualTo(TaskState.KILLING);

        Step over = first.next().graceOver();
        assertThat(over.actions()).containsExactly(Action.FORCE_KILL);
        assertThat(over.armGrace()).isPresent();

        AgentTask ended =
                over.next().ended(new Exit.Signaled(9, false), true, stamp()).next();
        assertThat(ended.graceOver().actions()).isEmpty();
        assertThat(ended.state()).isEqualTo(TaskState.KILLED);
    }

    @Test
    void onlyAShorterGraceReplacesAnOrder() {
        AgentTask killed = running().kill(GRACE, new Stamp(NOON, "k")).next();
        assertThat(killed.kill(Duration.ofSeconds(60), new Stamp(NOON, "k")).actions())
                .isEmpty();
        assertThat(killed.kill(GRACE, new Stamp(NOON.plusSeconds(1), "k")).actions())
                .isEmpty();
        assertThat(killed.kill(Duration.ZERO, new Stamp(NOON.plusSeconds(1), "k"))
                        .armGrace())
                .contains(Duration.ZERO);
        // It is said once.
        assertThat(killed.kill(Duration.ZERO, new Stamp(NOON.plusSeconds(1), "k"))
                        .next()
                        .unacknowledged())
                .isEqualTo(killed.unacknowledged());
    }

    @Test
    void anOrderToEndMakesEveryEndAKill() {
        AgentTask ended = running()
                .kill(GRACE, new Stamp(NOON, "k"))
                .next()
                .ended(new Exit.Exited(0), true, stamp())
                .next();
        assertThat(last(ended).state()).isEqualTo(TaskState.KILLED);
        assertThat(last(ended).message()).contains("Command exited with status 0");
    }

    @Test
    void zeroIsFinishedAndAllElseIsFailed() {
        assertThat(end(new Exit.Exited(0), true).state()).isEqualTo(TaskState.FINISHED);
        assertThat(end(new Exit.Exited(1), true).state()).isEqualTo(TaskState.FAILED);
        assertThat(end(new Exit.Signaled(15, false), true).state()).isEqualTo(TaskState.FAILED);
        assertThat(end(new Exit.Unknown("lost"), true).message()).contains("lost");
        TaskStatus neverRan = end(new Exit.Exited(0), false);
        assertThat(neverRan.state()).isEqualTo(TaskState.FAILED);
        assertThat(neverRan.reason()).contains("CONTAINER_LAUNCH_FAILED");
    }

    @Test
    void anEndNeverChanges() {
        AgentTask ended = running().ended(new Exit.Exited(0), true, stamp()).next();
        for (Step step : List.of(
                ended.ended(new Exit.Exited(9), true, stamp()),
                ended.kill(GRACE, new Stamp(NOON, "k")),
                ended.graceOver(),
                ended.notStarted("late", stamp()),
                ended.machineRestarted(stamp()))) {
            assertThat(step.next()).isEqualTo(ended);
            assertThat(step.actions()).isEmpty();
        }
        assertThat(ended.prepared(PROCESS, stamp()).actions()).containsExactly(Action.DISCARD);
        assertThat(ended.resumed(stamp()).next()).isEqualTo(ended);
        assertThat(ended.resumed(stamp()).actions()).containsExactly(Action.FORGET_PROCESS);
    }

    @Test
    void updatesGoInOrderAndAnEndIsDoneOnceAllAreTaken() {
        AgentTask ended = running().ended(new Exit.Exited(0), true, stamp()).next();
        String first = ended.unacknowledged().get(0).uuid().orElseThrow();
        String second = ended.unacknowledged().get(1).uuid().orElseThrow();

        assertThat(ended.acknowledged(second).next()).isEqualTo(ended);
        AgentTask one = ended.acknowledged(first).next();
        assertThat(one.isDone()).isFalse();
        assertThat(one.acknowledged(first).next()).isEqualTo(one);
        assertThat(one.acknowledged(second).next().isDone()).isTrue();
    }

    @Test
    void theNextAgentGoesOnWhereTheLastOneWas() {
        assertThat(staged().resumed(stamp()).actions()).containsExactly(Action.PREPARE);
        assertThat(running().resumed(stamp()).actions()).containsExactly(Action.WATCH);
        Step killing = running()
                .kill(GRACE, new Stamp(NOON.minusSeconds(3), "k"))
                .next()
                .resumed(new Stamp(NOON, "u"));
        assertThat(killing.actions()).containsExactly(Action.WATCH, Action.TERMINATE);
        assertThat(killing.armGrace()).contains(Duration.ofSeconds(2));
    }

    @Test
    void afterARestartOfTheMachineNothingStaleIsAdopted() {
        Step step = running().machineRestarted(stamp());
        assertThat(step.actions()).isEmpty();
        assertThat(step.next().state()).isEqualTo(TaskState.LOST);
        assertThat(last(step.next()).message().orElseThrow()).contains("machine restarted");
        assertThat(staged().machineRestarted(stamp()).actions()).containsExactly(Action.PREPARE);
    }

    @Test
    void readsWaitStatuses() {
        assertThat(Exit.ofWaitStatus(0)).isEqualTo(new Exit.Exited(0));
        assertThat(Exit.ofWaitStatus(35072)).isEqualTo(new Exit.Exited(137));
        assertThat(Exit.ofWaitStatus(9)).isEqualTo(new Exit.Signaled(9, false));
        assertThat(Exit.ofWaitStatus(139)).isEqualTo(new Exit.Signaled(11, true));
        assertThat(Exit.ofWaitStatus(139).describe())
                .isEqualTo("Command terminated with signal Segmentation fault (core dumped)");
        assertThat(Exit.ofWaitStatus(40).describe()).isEqualTo("Command terminated with signal Real-time signal 6");
    }

    @Test
    void aGraceIsNeverLongerThanGivenWhateverTheClockDoes() {
        KillOrder order = new KillOrder(NOON, GRACE);
        assertThat(order.remaining(NOON.minusSeconds(3600))).isEqualTo(GRACE);
        assertThat(order.remaining(NOON.plusSeconds(3600))).isEqualTo(Duration.ZERO);
    }

    private static AgentTask staged() {
        return AgentTask.received(Tasks.shell("t", "true"), "container", NOON);
    }

    private AgentTask running() {
        return staged().prepared(PROCESS, stamp()).next();
    }

    private TaskStatus end(Exit exit, boolean begun) {
        Step step = running().ended(exit, begun, stamp());
        assertThat(step.actions()).containsExactly(Action.FORGET_PROCESS);
        assertThat(step.next().ended()).isEqualTo(Optional.of(NOON));
        return last(step.next());
    }

    private static TaskStatus last(AgentTask task) {
        return task.unacknowledged().get(task.unacknowledged().size() - 1);
    }

    private Stamp stamp() {
        return new Stamp(NOON, "u" + uuids++);
    }
}
