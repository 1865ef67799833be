package io.finback.controlplane.framework;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.allocator.Capability;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Kind;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.TaskInfo;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Rows of Mesos' task validation. */
class TaskRulesTest {
    private static final FrameworkId FRAMEWORK = FrameworkId.of("f");
    private static final AgentId AGENT = AgentId.of("a");
    private static final Resources ONE = Resources.of(1, 32, 0);
    private static final CommandInfo COMMAND = CommandInfo.shell("true", Map.of());
    private static final TaskRules.Ground GROUND =
            new TaskRules.Ground(FRAMEWORK, Optional.of(AGENT), Optional.of("eng/web"), Set.of());

    private static TaskInfo task(Resources resources, CommandInfo command, Duration grace) {
        return new TaskInfo(TaskId.of("t"), "t", FRAMEWORK, AGENT, resources, command, Optional.of(grace), Map.of());
    }

    private static String wrong(TaskInfo task) {
        return TaskRules.check(task, GROUND).orElse("nothing is wrong");
    }

    @Test
    void takesWhatIsRight() {
        assertThat(TaskRules.check(task(ONE, COMMAND, Duration.ZERO), GROUND)).isEmpty();
        Resources reserved = Resources.of(Kind.reserved(Reservation.fixed("eng")), ONE);
        assertThat(TaskRules.check(task(ONE.plus(reserved), COMMAND, Duration.ZERO), GROUND))
                .isEmpty();
        assertThat(TaskRules.check(task(ONE.withScalar(Resources.GPUS, 2), COMMAND, Duration.ofSeconds(5)), GROUND))
                .isEmpty();
    }

    @Test
    void namesWhatIsWrongInTheOrderOfMesos() {
        TaskInfo everything = new TaskInfo(
                TaskId.of("a\\b"),
                "t",
                FrameworkId.of("other"),
                AgentId.of("other"),
                Resources.EMPTY,
                CommandInfo.shell("", Map.of()),
                Optional.of(Duration.ofSeconds(-1)),
                Map.of());
        assertThat(wrong(everything)).startsWith("task_id: 'a\\b'");
    }

    @Test
    void refusesAnotherAgentAndAnotherFramework() {
        TaskInfo elsewhere =
                new TaskInfo(TaskId.of("t"), "t", FRAMEWORK, AgentId.of("b"), ONE, COMMAND, Optional.empty(), Map.of());
        assertThat(wrong(elsewhere)).isEqualTo("agent_id: b (expected: a, the agent of the offers)");
        TaskInfo foreign =
                new TaskInfo(TaskId.of("t"), "t", FrameworkId.of("g"), AGENT, ONE, COMMAND, Optional.empty(), Map.of());
        assertThat(wrong(foreign)).startsWith("framework_id: g");
    }

    @Test
    void refusesANegativeGrace() {
        assertThat(wrong(task(ONE, COMMAND, Duration.ofNanos(-1)))).contains("kill_policy.grace_period: -1 ns");
    }

    @Test
    void takesLimitsOfWhatATaskHolds() {
        assertThat(TaskRules.check(limited("cpus", 1.0), GROUND)).isEmpty();
        assertThat(TaskRules.check(limited("mem", Double.POSITIVE_INFINITY), GROUND))
                .isEmpty();
        assertThat(wrong(limited("mem", 1))).matches("limits.mem: 1.0 \\(expected: >= [0-9.]+, what the task holds\\)");
        assertThat(wrong(limited("cpus", Double.NaN))).startsWith("limits.cpus: NaN");
        assertThat(wrong(limited("disk", 1e9))).isEqualTo("limits: disk (expected: cpus or mem)");
    }

    private static TaskInfo limited(String name, double limit) {
        TaskInfo task = task(ONE, COMMAND, Duration.ZERO);
        return task.withOptions(task.options().withLimits(Map.of(name, limit)));
    }

    @Test
    void refusesResourcesThatMakeNoSense() {
        assertThat(wrong(task(Resources.EMPTY, COMMAND, Duration.ZERO))).isEqualTo("resources: none (expected: some)");
        assertThat(wrong(task(ONE.withScalar(Resources.GPUS, 0.5), COMMAND, Duration.ZERO)))
                .contains("gpus: 0.5 (expected: a whole number)");
        Resources foreign = Resources.of(Kind.reserved(Reservation.fixed("ops")), ONE);
        assertThat(wrong(task(foreign, COMMAND, Duration.ZERO))).contains("reserved for ops");
        Kind revocable = new Kind(List.of(), Optional.empty(), true, false);
        assertThat(wrong(task(Resources.of(revocable, ONE), COMMAND, Duration.ZERO)))
                .contains("REVOCABLE_RESOURCES");
        TaskRules.Ground knows = new TaskRules.Ground(
                FRAMEWORK, Optional.of(AGENT), Optional.of("*"), Set.of(Capability.REVOCABLE_RESOURCES));
        assertThat(TaskRules.check(task(Resources.of(revocable, ONE), COMMAND, Duration.ZERO), knows))
                .isEmpty();
        assertThat(TaskRules.check(task(ONE.plus(Resources.of(revocable, ONE)), COMMAND, Duration.ZERO), knows))
                .hasValueSatisfying(why -> assertThat(why).contains("both revocable and not"));
    }

    @Test
    void refusesCommandsThatCannotBeRun() {
        assertThat(wrong(task(ONE, CommandInfo.shell("", Map.of()), Duration.ZERO)))
                .startsWith("command.value: none");
        assertThat(wrong(task(ONE, CommandInfo.shell("echo \0", Map.of()), Duration.ZERO)))
                .startsWith("command.value: a NUL character at 5");
        assertThat(wrong(task(ONE, CommandInfo.shell("true", Map.of("A", "b\0")), Duration.ZERO)))
                .contains("command.environment: A: a NUL");
        assertThat(wrong(task(ONE, CommandInfo.shell("true", Map.of("", "b")), Duration.ZERO)))
                .contains("command.environment: name ''");
        CommandInfo nothing = new CommandInfo(false, "", List.of(), Map.of(), Optional.empty());
        assertThat(wrong(task(ONE, nothing, Duration.ZERO))).contains("neither value nor arguments");
    }

    @Test
    void refusesWhatIsTooLargeToTravel() {
        CommandInfo large = CommandInfo.shell("true", Map.of("A", "x".repeat(2 << 20)));
        assertThat(wrong(task(ONE, large, Duration.ZERO))).startsWith("task: more than");
    }
}
