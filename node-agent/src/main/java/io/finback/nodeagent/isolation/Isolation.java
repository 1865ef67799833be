package io.finback.nodeagent.isolation;

import io.finback.nodeagent.cgroup.Cgroups;
import io.finback.nodeagent.cgroup.GroupLimits;
import io.finback.resources.Resources;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.TaskInfo;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What contains tasks on this agent, found out once at its start. Immutable. */
public final class Isolation {
    private final IsolationSettings settings;
    private final LinuxTools tools;
    private final Cgroups cgroups;
    private final List<IsolatorStatus> all;
    private final Set<Isolator> on;
    private final boolean root;

    Isolation(IsolationSettings settings, LinuxTools tools, Cgroups cgroups, List<IsolatorStatus> all, boolean root) {
        this.settings = settings;
        this.tools = tools;
        this.cgroups = cgroups;
        this.all = all.stream()
                .sorted(Comparator.comparing(IsolatorStatus::isolator))
                .toList();
        this.on = this.all.stream()
                .filter(IsolatorStatus::on)
                .map(IsolatorStatus::isolator)
                .collect(Collectors.toUnmodifiableSet());
        this.root = root;
    }

    /** Nothing is contained: for one who starts nothing, and looks after what others have started. */
    public static Isolation none(LinuxTools tools) {
        IsolationSettings nothing = new IsolationSettings(
                Optional.of(Set.of()), "finback", false, false, 16, false, true, Optional.empty(), Set.of(), 0);
        return new Isolation(nothing, tools, Cgroups.none("nothing is started"), List.of(), false);
    }

    /** Every isolator there is: on, or off for a reason. */
    public List<IsolatorStatus> all() {
        return all;
    }

    public boolean isOn(Isolator isolator) {
        return on.contains(isolator);
    }

    /** Whether the agent is root: only then can tasks have another user. */
    public boolean isRoot() {
        return root;
    }

    public IsolationSettings settings() {
        return settings;
    }

    public LinuxTools tools() {
        return tools;
    }

    /** Where containers have their control groups; empty: none has one. */
    public Optional<Cgroups> cgroups() {
        return Optional.of(cgroups).filter(Cgroups::isPresent);
    }

    /** Why a task asks for containment it cannot have here. */
    public Optional<String> objection(TaskInfo task) {
        return Wrap.objection(this, task);
    }

    /**
     * How a task's command is wrapped.
     *
     * @param account whom it runs as; empty: the agent's own
     * @param tmp a directory that is to be its {@code /tmp}
     */
    public Wrap wrap(TaskInfo task, Optional<TaskUser.Account> account, Optional<String> tmp) {
        return Wrap.of(this, task, account, tmp);
    }

    /** What a task may do; it has no {@link #objection}. */
    public Rights rights(TaskInfo task) {
        return Wrap.rights(this, task.options().container().flatMap(ContainerInfo::linux));
    }

    /** What a task may use, by what it holds and the limits it names. */
    public GroupLimits limits(TaskInfo task) {
        Map<String, Double> limits = task.options().limits();
        return GroupLimits.of(
                task.resources().scalar(Resources.CPUS),
                task.resources().scalar(Resources.MEM),
                Optional.ofNullable(limits.get("cpus")),
                Optional.ofNullable(limits.get("mem")),
                settings.hardCpu(),
                settings.pidsMax());
    }
}
