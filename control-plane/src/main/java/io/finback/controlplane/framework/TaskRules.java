package io.finback.controlplane.framework;

import io.finback.controlplane.allocator.Capability;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Kind;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.TaskInfo;
import io.finback.wire.Parts;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * What is wrong with a task, whatever the state of the world, in Mesos' order: id, agent, kill policy, resources, command. Every answer
 * names the field, the value and what was expected. Whether its id is taken and whether the offers hold enough is checked by those
 * who know. Pure. Source: apache/mesos {@code src/master/validation.cpp}, {@code task::validate}.
 */
final class TaskRules {
    private static final Set<String> LIMITED = Set.of(Resources.CPUS, Resources.MEM);
    /** Longer than any task needs to end, shorter than what overflows a clock. */
    private static final Duration LONGEST_GRACE = Duration.ofDays(365);

    /**
     * What a task is launched on.
     *
     * @param agent the agent of its offers; empty: unknown
     * @param role the role of its offers; empty: unknown
     */
    record Ground(FrameworkId framework, Optional<AgentId> agent, Optional<String> role, Set<Capability> capabilities) {
        Ground {
            capabilities = Set.copyOf(capabilities);
        }
    }

    private TaskRules() {}

    /** Empty: nothing is wrong. */
    static Optional<String> check(TaskInfo task, Ground ground) {
        return id(task.id().value())
                .or(() -> framework(task, ground))
                .or(() -> agent(task, ground))
                .or(() -> grace(task))
                .or(() -> resources(task.resources(), ground))
                .or(() -> limits(task))
                .or(() -> ExecutorRules.check(task, ground))
                .or(() -> ExecutorRules.runsInCustom(task) ? Optional.empty() : command(task.command()))
                .or(() -> size(task));
    }

    /** {@code TaskId} itself refuses what can be no file name; a backslash is left. */
    private static Optional<String> id(String id) {
        return id.indexOf('\\') < 0
                ? Optional.empty()
                : Optional.of("task_id: '" + id + "' (expected: no slash, no backslash, no control characters)");
    }

    private static Optional<String> framework(TaskInfo task, Ground ground) {
        return task.framework().equals(ground.framework())
                ? Optional.empty()
                : Optional.of("framework_id: " + task.framework() + " (expected: " + ground.framework() + ")");
    }

    private static Optional<String> agent(TaskInfo task, Ground ground) {
        return ground.agent()
                .filter(offered -> !offered.equals(task.agent()))
                .map(offered -> "agent_id: " + task.agent() + " (expected: " + offered + ", the agent of the offers)");
    }

    private static Optional<String> grace(TaskInfo task) {
        return task.killGrace()
                .filter(grace -> grace.isNegative() || grace.compareTo(LONGEST_GRACE) > 0)
                .map(grace -> "kill_policy.grace_period: " + grace.toNanos() + " ns (expected: 0 to "
                        + LONGEST_GRACE.toDays() + " days)");
    }

    private static Optional<String> resources(Resources resources, Ground ground) {
        return resources.isEmpty() ? Optional.of("resources: none (expected: some)") : amounts(resources, ground);
    }

    /** What it may use beyond what it holds. Only a task with control groups of its own can have them: none that shares an executor's. */
    private static Optional<String> limits(TaskInfo task) {
        for (Map.Entry<String, Double> limit : task.options().limits().entrySet()) {
            String name = limit.getKey();
            double held = task.resources().quantities().getOrDefault(name, 0L) / 1000.0;
            if (!LIMITED.contains(name)) {
                return Optional.of("limits: " + name + " (expected: cpus or mem)");
            }
            if (!(limit.getValue() >= held)) {
                return Optional.of("limits." + name + ": " + limit.getValue() + " (expected: >= " + held
                        + ", what the task holds)");
            }
        }
        boolean shares = task.options().executor().isPresent();
        return shares && !task.options().limits().isEmpty()
                ? Optional.of("limits: present (expected: none, as the task shares the control groups of its executor)")
                : Optional.empty();
    }

    static Optional<String> amounts(Resources resources, Ground ground) {
        long gpus = resources.quantities().getOrDefault(Resources.GPUS, 0L);
        if (gpus % 1000 != 0) {
            return Optional.of("resources: gpus: " + gpus / 1000.0 + " (expected: a whole number)");
        }
        return kinds(resources, ground).or(() -> mixed(resources));
    }

    private static Optional<String> kinds(Resources resources, Ground ground) {
        Set<String> volumes = new HashSet<>();
        for (Special special : resources.special()) {
            Kind kind = special.kind();
            Optional<String> foreign = ground.role().filter(role -> !kind.isAllocatableTo(role));
            if (foreign.isPresent()) {
                return Optional.of("resources: " + special.amount() + " reserved for "
                        + kind.reservedTo().orElse("*") + " (expected: allocated to role " + foreign.get() + ")");
            }
            Optional<String> volume =
                    kind.disk().flatMap(disk -> disk.persistence()).map(one -> one.id());
            if (volume.isPresent() && !volumes.add(kind.reservedTo().orElse("*") + " " + volume.get())) {
                return Optional.of("resources: persistence id '" + volume.get() + "' twice (expected: once)");
            }
            if (kind.revocable() && !ground.capabilities().contains(Capability.REVOCABLE_RESOURCES)) {
                return Optional.of(
                        "resources: " + special.amount() + " revocable (expected: the capability REVOCABLE_RESOURCES)");
            }
        }
        return Optional.empty();
    }

    /** A task may not hold revocable and other resources of one name: it would be half preemptible. */
    private static Optional<String> mixed(Resources resources) {
        Set<String> revocable = names(resources.filter(Kind::revocable));
        Set<String> kept = names(resources.filter(kind -> !kind.revocable()));
        return revocable.stream()
                .filter(kept::contains)
                .findFirst()
                .map(name -> "resources: " + name + " both revocable and not (expected: one of both)");
    }

    private static Set<String> names(Resources resources) {
        Set<String> names = new HashSet<>(resources.quantities().keySet());
        names.addAll(resources.ranges().keySet());
        names.addAll(resources.sets().keySet());
        for (Special special : resources.special()) {
            names.addAll(special.amount().ranges().keySet());
            names.addAll(special.amount().sets().keySet());
        }
        return names;
    }

    static Optional<String> command(CommandInfo command) {
        if (command.shell() && command.value().isEmpty()) {
            return Optional.of("command.value: none (expected: a command line, or shell false)");
        }
        if (!command.shell() && command.value().isEmpty() && command.arguments().isEmpty()) {
            return Optional.of("command: neither value nor arguments (expected: at least one)");
        }
        return nul("command.value", command.value())
                .or(() -> first(command.arguments(), argument -> nul("command.arguments", argument)))
                .or(() -> first(command.environment().entrySet(), TaskRules::variable))
                .or(() -> command.user().flatMap(user -> nul("command.user", user)));
    }

    private static Optional<String> variable(Map.Entry<String, String> variable) {
        if (variable.getKey().isEmpty() || variable.getKey().indexOf('=') >= 0) {
            return Optional.of("command.environment: name '" + variable.getKey() + "' (expected: a name without '=')");
        }
        return nul("command.environment", variable.getKey())
                .or(() -> nul("command.environment: " + variable.getKey(), variable.getValue()));
    }

    private static Optional<String> size(TaskInfo task) {
        return Parts.fits(task)
                ? Optional.empty()
                : Optional.of("task: more than " + Parts.MAX_ITEM_BYTES + " bytes (expected: less)");
    }

    private static Optional<String> nul(String field, String value) {
        int at = value.indexOf(0);
        return at < 0 ? Optional.empty() : Optional.of(field + ": a NUL character at " + at + " (expected: none)");
    }

    private static <T> Optional<String> first(Iterable<T> all, Function<T, Optional<String>> check) {
        for (T one : all) {
            Optional<String> problem = check.apply(one);
            if (problem.isPresent()) {
                return problem;
            }
        }
        return Optional.empty();
    }
}
