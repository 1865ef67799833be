package io.finback.nodeagent.isolation;

import io.finback.nodeagent.cgroup.Cgroups;
import java.util.Comparator;
import java.util.List;
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

    Isolation(
            IsolationSettings settings, LinuxTools tools, Cgroups cgroups, List<IsolatorStatus> all, boolean root) {
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
}
