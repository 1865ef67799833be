package io.finback.nodeagent.isolation;

import io.finback.tasks.ContainerInfo;
import io.finback.tasks.LinuxOptions;
import io.finback.tasks.Rlimit;
import io.finback.tasks.TaskInfo;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The programs a task's process becomes, one after the other, before it becomes the task's command: each takes something away and
 * goes on to the next. None of them forks, so the pid stays the same.
 *
 * @param ownPids whether it must be started in a PID namespace of its own, which no program can enter once it runs
 * @param namespaces the other namespaces it gets, as in {@code /proc/<pid>/ns}
 * @param arguments to be put before the command; may be empty
 */
public record Wrap(boolean ownPids, Set<String> namespaces, List<String> arguments) {
    /** Mesos' names of limits ({@code RLimitInfo.RLimit.Type}); {@code prlimit} has the same, in small letters. */
    private static final Set<String> RLIMITS = Set.of(
            "AS",
            "CORE",
            "CPU",
            "DATA",
            "FSIZE",
            "LOCKS",
            "MEMLOCK",
            "MSGQUEUE",
            "NICE",
            "NOFILE",
            "NPROC",
            "RSS",
            "RTPRIO",
            "RTTIME",
            "SIGPENDING",
            "STACK");

    /** Runs in the task's own mount namespace; the directory is argument 1, the mount program 2. */
    private static final String PRIVATE_TMP = "\"$2\" --bind \"$1\" /tmp && shift 2 && exec \"$@\"";

    public Wrap {
        namespaces = Set.copyOf(namespaces);
        arguments = List.copyOf(arguments);
    }

    /** Why a task cannot be wrapped as it asks to be. */
    static Optional<String> objection(Isolation isolation, TaskInfo task) {
        ContainerInfo container = task.options().container().orElse(ContainerInfo.PLAIN);
        for (Rlimit limit : container.rlimits()) {
            if (!RLIMITS.contains(limit.type())) {
                return Optional.of("container.rlimit_info.type: " + limit.type() + " (expected: one of "
                        + RLIMITS.stream().sorted().toList() + ")");
            }
            if (!isolation.isOn(Isolator.POSIX_RLIMITS)) {
                return Optional.of("container.rlimit_info: " + limit.type()
                        + " (expected: none, since the isolator posix/rlimits is off on this agent)");
            }
        }
        return container.linux().flatMap(linux -> objection(isolation, linux));
    }

    private static Optional<String> objection(Isolation isolation, LinuxOptions linux) {
        boolean asked = linux.boundingCapabilities().isPresent()
                || linux.effectiveCapabilities().isPresent();
        if (!asked) {
            return Optional.empty();
        }
        if (!isolation.isOn(Isolator.LINUX_CAPABILITIES)) {
            return Optional.of("container.linux_info.capabilities: named (expected: none, since the isolator"
                    + " linux/capabilities is off on this agent)");
        }
        try {
            Set<Capability> bounding = bounding(isolation, linux);
            if (!bounding.containsAll(effective(linux, bounding))) {
                return Optional.of("container.linux_info.effective_capabilities: " + sorted(effective(linux, bounding))
                        + " (expected: at most " + sorted(bounding) + ", its bounding_capabilities)");
            }
            for (Set<Capability> set : List.of(bounding, effective(linux, bounding))) {
                if (!isolation.settings().capabilities().containsAll(set)) {
                    return Optional.of("container.linux_info.capabilities: " + sorted(set) + " (expected: at most "
                            + sorted(isolation.settings().capabilities()) + "; finback.agent.capabilities)");
                }
            }
        } catch (IllegalArgumentException e) {
            return Optional.of("container.linux_info.capabilities: " + e.getMessage());
        }
        return Optional.empty();
    }

    /** @param account empty: the agent's own */
    static Wrap of(Isolation isolation, TaskInfo task, Optional<TaskUser.Account> account, Optional<String> tmp) {
        ContainerInfo container = task.options().container().orElse(ContainerInfo.PLAIN);
        Optional<LinuxOptions> linux = container.linux();
        boolean pids = isolation.isOn(Isolator.NAMESPACES_PID)
                && !linux.map(LinuxOptions::sharePidNamespace).orElse(false);
        boolean ipc = isolation.isOn(Isolator.NAMESPACES_IPC)
                && linux.flatMap(LinuxOptions::privateIpc).orElse(true);
        List<String> line = new ArrayList<>();
        Set<String> namespaces = new HashSet<>();
        unshare(isolation, pids, ipc, line, namespaces);
        if (isolation.isOn(Isolator.FILESYSTEM_LINUX)) {
            tmp.ifPresent(directory -> isolation
                    .tools()
                    .mount()
                    .ifPresent(mount -> line.addAll(List.of(
                            isolation.tools().shell().toString(),
                            "-c",
                            PRIVATE_TMP,
                            "tmp",
                            directory,
                            mount.toString()))));
        }
        rlimits(isolation, container.rlimits(), line);
        credentials(isolation, linux, account, line);
        return new Wrap(pids, namespaces, line);
    }

    private static void unshare(
            Isolation isolation, boolean pids, boolean ipc, List<String> line, Set<String> namespaces) {
        List<String> options = new ArrayList<>();
        if (isolation.isOn(Isolator.FILESYSTEM_LINUX)) {
            // What the machine mounts and unmounts later is seen inside; what is done inside stays there.
            options.addAll(List.of("--mount", "--propagation", "slave"));
            namespaces.add("mnt");
            if (pids) {
                options.add("--mount-proc");
            }
        }
        if (ipc) {
            options.add("--ipc");
            namespaces.add("ipc");
        }
        if (!options.isEmpty()) {
            line.add(isolation.tools().unshare().orElseThrow().toString());
            line.addAll(options);
        }
    }

    private static void rlimits(Isolation isolation, List<Rlimit> limits, List<String> line) {
        if (limits.isEmpty()) {
            return;
        }
        line.add(isolation.tools().prlimit().orElseThrow().toString());
        for (Rlimit limit : limits) {
            line.add("--" + limit.type().toLowerCase(Locale.ROOT) + "=" + shown(limit.soft()) + ":"
                    + shown(limit.hard()));
        }
    }

    private static String shown(Optional<Long> limit) {
        return limit.map(number -> Long.toString(number)).orElse("unlimited");
    }

    private static void credentials(
            Isolation isolation, Optional<LinuxOptions> linux, Optional<TaskUser.Account> account, List<String> line) {
        List<String> options = new ArrayList<>();
        account.ifPresent(who -> {
            options.addAll(List.of("--reuid", Integer.toString(who.uid()), "--regid", Integer.toString(who.gid())));
            options.add(who.inDatabase() ? "--init-groups" : "--clear-groups");
        });
        if (isolation.isOn(Isolator.LINUX_CAPABILITIES)) {
            Set<Capability> bounding = linux.map(named -> bounding(isolation, named))
                    .orElse(isolation.settings().capabilities());
            options.addAll(List.of("--bounding-set", Capability.exactly(bounding)));
            linux.filter(named -> named.effectiveCapabilities().isPresent()).ifPresent(named -> {
                String effective = Capability.exactly(effective(named, bounding));
                // Ambient: also a user that is not root has them. No root: root has no others.
                options.addAll(List.of("--inh-caps", effective, "--ambient-caps", effective));
                options.addAll(List.of("--securebits", "+noroot,+noroot_locked"));
            });
        }
        if (isolation.isOn(Isolator.LINUX_NNP)) {
            options.add("--no-new-privs");
        }
        if (!options.isEmpty()) {
            line.add(isolation.tools().setpriv().orElseThrow().toString());
            line.addAll(options);
        }
    }

    static Rights rights(Isolation isolation, Optional<LinuxOptions> linux) {
        Set<Capability> bounding = linux.map(named -> bounding(isolation, named))
                .orElse(isolation.settings().capabilities());
        return new Rights(
                bounding,
                linux.filter(named -> named.effectiveCapabilities().isPresent()).map(named -> effective(named, bounding)));
    }

    private static Set<Capability> bounding(Isolation isolation, LinuxOptions linux) {
        return linux.boundingCapabilities()
                .or(linux::effectiveCapabilities)
                .map(Wrap::parsed)
                .orElse(isolation.settings().capabilities());
    }

    private static Set<Capability> effective(LinuxOptions linux, Set<Capability> bounding) {
        return linux.effectiveCapabilities().map(Wrap::parsed).orElse(bounding);
    }

    private static Set<Capability> parsed(Set<String> names) {
        return names.stream()
                .map(Capability::parse)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Capability.class)));
    }

    private static List<Capability> sorted(Set<Capability> set) {
        return set.stream().sorted().toList();
    }
}
