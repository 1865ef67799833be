package io.finback.nodeagent.isolation;

import io.finback.nodeagent.cgroup.CgroupMounts;
import io.finback.nodeagent.cgroup.Cgroups;
import io.finback.nodeagent.cgroup.Cgroups.Controller;
import io.finback.nodeagent.isolation.Programs.Ran;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Finds out what works on this machine for this user, by doing it: a missing tool, privilege or controller shows in the same way
 * as it would with the first task. Runs a handful of short processes; for the start of an agent.
 */
public final class Detection {
    private static final Map<Isolator, Controller> CONTROLLERS = Map.of(
            Isolator.CGROUPS_CPU, Controller.CPU,
            Isolator.CGROUPS_MEM, Controller.MEMORY,
            Isolator.CGROUPS_PIDS, Controller.PIDS,
            Isolator.CGROUPS_KILL, Controller.KILL);

    private final IsolationSettings settings;
    private final LinuxTools tools;
    private final boolean root;
    private final Map<Isolator, IsolatorStatus> found = new EnumMap<>(Isolator.class);

    private Detection(IsolationSettings settings, LinuxTools tools, boolean root) {
        this.settings = settings;
        this.tools = tools;
        this.root = root;
    }

    /**
     * What works on this machine, of what is wanted.
     *
     * @param root whether this process is root
     * @param agent tells the groups of this agent from those of others on the machine
     * @throws IllegalArgumentException what was named does not work; the message names the key
     */
    public static Isolation run(
            IsolationSettings settings, LinuxTools tools, CgroupMounts mounts, boolean root, String agent) {
        return new Detection(settings, tools, root).run(mounts, agent);
    }

    private Isolation run(CgroupMounts mounts, String agent) {
        Cgroups cgroups = cgroups(mounts, agent);
        namespaces();
        credentials();
        for (Isolator isolator : settings.named().orElse(Set.of())) {
            IsolatorStatus status = Objects.requireNonNull(found.get(isolator), isolator.toString());
            if (!status.on()) {
                throw new IllegalArgumentException("finback.agent.isolation: " + isolator + " does not work here: "
                        + status.detail() + " (expected: it works, or is not named; auto takes what works)");
            }
        }
        return new Isolation(settings, tools, cgroups, new ArrayList<>(found.values()), root);
    }

    private Cgroups cgroups(CgroupMounts mounts, String agent) {
        Set<Controller> wanted = EnumSet.noneOf(Controller.class);
        CONTROLLERS.forEach((isolator, controller) -> {
            if (isWanted(isolator)) {
                wanted.add(controller);
            }
        });
        if (!wanted.isEmpty()) {
            wanted.add(Controller.CPU_TIME);
        }
        Cgroups cgroups = root
                ? Cgroups.open(mounts, settings.cgroupRoot(), agent, wanted)
                : Cgroups.none("the agent is not root");
        for (Isolator isolator : Isolator.values()) {
            Controller controller = CONTROLLERS.get(isolator);
            if (controller == null) {
                continue;
            }
            Optional<String> off = Optional.ofNullable(cgroups.off().get(controller));
            judge(isolator, off, "control groups, " + cgroups.version(controller));
        }
        return cgroups;
    }

    private void namespaces() {
        Optional<String> mount = tried(List.of("--mount", "--propagation", "slave"));
        judge(Isolator.FILESYSTEM_LINUX, mount, "a mount namespace for each task");
        judge(Isolator.NAMESPACES_IPC, tried(List.of("--ipc")), "an IPC namespace for each task");
        Optional<String> pid = mount.isPresent() ? mount : triedPid();
        judge(Isolator.NAMESPACES_PID, pid, "a PID namespace for each task");
    }

    private Optional<String> tried(List<String> arguments) {
        return tools.unshare().isEmpty()
                ? Optional.of("unshare: not found (util-linux has it)")
                : failure(join(List.of(tools.unshare().get().toString()), arguments, List.of("true")));
    }

    /** A namespace is entered by children only, and its first process must take in orphans without waiting for each. */
    private Optional<String> triedPid() {
        if (tools.setpriv().isEmpty()) {
            return Optional.of("setpriv: not found (util-linux has it)");
        }
        if (!tools.ignoresChildren()) {
            return Optional.of("env --ignore-signal: not understood (coreutils since 8.31 does)");
        }
        String unshare = tools.unshare().orElseThrow().toString();
        return failure(List.of(
                unshare,
                "--pid",
                "--fork",
                "--kill-child",
                unshare,
                "--mount",
                "--propagation",
                "slave",
                "--mount-proc",
                "true"));
    }

    private void credentials() {
        judge(
                Isolator.POSIX_RLIMITS,
                tools.prlimit().isEmpty() ? Optional.of("prlimit: not found (util-linux has it)") : Optional.empty(),
                "where a task names limits");
        judge(
                Isolator.LINUX_CAPABILITIES,
                root
                        ? priv("--bounding-set", Capability.exactly(settings.capabilities()))
                        : Optional.of("the agent is not root"),
                settings.capabilities().isEmpty() ? "none for any task" : "at most " + settings.capabilities());
        judge(Isolator.LINUX_NNP, priv("--no-new-privs"), "setuid programs give tasks nothing");
        judge(
                Isolator.SWITCH_USER,
                root ? priv("--reuid", "0", "--regid", "0", "--clear-groups") : Optional.of("the agent is not root"),
                "tasks may name their user");
    }

    private Optional<String> priv(String... arguments) {
        return tools.setpriv().isEmpty()
                ? Optional.of("setpriv: not found (util-linux has it)")
                : failure(join(List.of(tools.setpriv().get().toString()), List.of(arguments), List.of("true")));
    }

    private boolean isWanted(Isolator isolator) {
        return settings.named().map(named -> named.contains(isolator)).orElse(true);
    }

    private void judge(Isolator isolator, Optional<String> failure, String how) {
        found.put(
                isolator,
                isWanted(isolator)
                        ? new IsolatorStatus(isolator, failure.isEmpty(), failure.orElse(how))
                        : new IsolatorStatus(isolator, false, "not named by finback.agent.isolation"));
    }

    private static Optional<String> failure(List<String> command) {
        Ran ran = Programs.run(command);
        return ran.successful()
                ? Optional.empty()
                : Optional.of(Path.of(command.get(0)).getFileName() + ": " + ran.said());
    }

    private static List<String> join(List<String> first, List<String> second, List<String> third) {
        List<String> all = new ArrayList<>(first);
        all.addAll(second);
        all.addAll(third);
        return all;
    }
}
