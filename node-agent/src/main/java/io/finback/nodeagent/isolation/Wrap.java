package io.finback.nodeagent.isolation;

import io.finback.tasks.ContainerInfo;
import io.finback.tasks.LinuxOptions;
import io.finback.tasks.Rlimit;
import io.finback.tasks.TaskInfo;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What is taken from a task's process, or given to it, before it becomes the task's command.
 *
 * @param ownPids whether it must be started in a PID namespace of its own, which no program can enter once it runs
 * @param ownMounts whether it has a mount namespace of its own: what the machine mounts later is seen inside; what is done inside
 *     stays there
 * @param tmp the directory that is its {@code /tmp}
 * @param shmMegabytes the size of a {@code /dev/shm} of its own; empty: it has that of the machine
 * @param account whom it runs as; empty: the agent's own
 * @param bounding the most capabilities it can get; empty: no bound
 * @param effective what it has, whoever it runs as, root no more than that; empty: what its user has
 */
public record Wrap(
        boolean ownPids,
        boolean ownMounts,
        boolean ownIpc,
        Optional<String> tmp,
        Optional<Integer> shmMegabytes,
        List<Rlimit> rlimits,
        Optional<TaskUser.Account> account,
        Optional<Set<Capability>> bounding,
        Optional<Set<Capability>> effective,
        boolean noNewPrivileges) {
    /** Nothing. */
    public static final Wrap NONE = new Wrap(
            false,
            false,
            false,
            Optional.empty(),
            Optional.empty(),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            false);

    /** Mesos' names of limits ({@code RLimitInfo.RLimit.Type}), in the order of Linux {@code asm-generic/resource.h}. */
    static final List<String> RLIMITS = List.of(
            "CPU",
            "FSIZE",
            "DATA",
            "STACK",
            "CORE",
            "RSS",
            "NPROC",
            "NOFILE",
            "MEMLOCK",
            "AS",
            "LOCKS",
            "SIGPENDING",
            "MSGQUEUE",
            "NICE",
            "RTPRIO",
            "RTTIME");

    public Wrap {
        rlimits = List.copyOf(rlimits);
        bounding = bounding.map(Set::copyOf);
        effective = effective.map(Set::copyOf);
    }

    /** The namespaces it has of its own besides that of pids, as in {@code /proc/<pid>/ns}. */
    public Set<String> namespaces() {
        Set<String> names = new HashSet<>();
        if (ownMounts) {
            names.add("mnt");
        }
        if (ownIpc) {
            names.add("ipc");
        }
        return names;
    }

    /** As the holder program takes it ({@code src/main/native/holder.c}). */
    public List<String> words() {
        List<String> words = new ArrayList<>();
        if (ownPids) {
            words.add("pid");
        }
        if (ownMounts) {
            words.add("mnt");
        }
        if (ownIpc) {
            words.add("ipc");
        }
        if (ownPids && ownMounts) {
            words.add("proc");
        }
        tmp.ifPresent(directory -> words.addAll(List.of("tmp", directory)));
        shmMegabytes.ifPresent(size -> words.addAll(List.of("shm", shmOptions(size))));
        for (Rlimit limit : rlimits) {
            words.addAll(List.of(
                    "rlimit",
                    Integer.toString(RLIMITS.indexOf(limit.type())),
                    shown(limit.soft()),
                    shown(limit.hard())));
        }
        bounding.ifPresent(set -> words.addAll(List.of("bound", Capability.mask(set))));
        effective.ifPresent(set -> words.addAll(List.of("caps", Capability.mask(set))));
        account.ifPresent(who -> words.addAll(List.of(
                "uid",
                Integer.toString(who.uid()),
                Integer.toString(who.gid()),
                who.groups().isEmpty()
                        ? "-"
                        : who.groups().stream()
                                .map(group -> Integer.toString(group))
                                .collect(Collectors.joining(",")))));
        if (noNewPrivileges) {
            words.add("nnp");
        }
        return words;
    }

    /** As {@code mount} takes them. */
    static String shmOptions(int megabytes) {
        return "mode=1777,size=" + megabytes + "m";
    }

    private static String shown(Optional<Long> limit) {
        return limit.map(number -> Long.toString(number)).orElse("-");
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
        return container.linux().flatMap(linux -> objection(isolation, linux)
                .or(() -> container.image().isPresent() ? Optional.empty() : SharedMemory.objection(isolation, linux)));
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
        boolean mounts = isolation.isOn(Isolator.FILESYSTEM_LINUX);
        Optional<Set<Capability>> bounding = Optional.empty();
        Optional<Set<Capability>> effective = Optional.empty();
        if (isolation.isOn(Isolator.LINUX_CAPABILITIES)) {
            Set<Capability> most = linux.map(named -> bounding(isolation, named))
                    .orElse(isolation.settings().capabilities());
            bounding = Optional.of(most);
            effective = linux.filter(named -> named.effectiveCapabilities().isPresent())
                    .map(named -> effective(named, most));
        }
        return new Wrap(
                isolation.isOn(Isolator.NAMESPACES_PID)
                        && !linux.map(LinuxOptions::sharePidNamespace).orElse(false),
                mounts,
                isolation.isOn(Isolator.NAMESPACES_IPC)
                        && linux.flatMap(LinuxOptions::privateIpc).orElse(true),
                tmp.filter(directory -> mounts),
                linux.flatMap(SharedMemory::own).filter(size -> mounts),
                container.rlimits(),
                account,
                bounding,
                effective,
                isolation.isOn(Isolator.LINUX_NNP));
    }

    static Rights rights(Isolation isolation, Optional<LinuxOptions> linux) {
        Set<Capability> bounding = linux.map(named -> bounding(isolation, named))
                .orElse(isolation.settings().capabilities());
        return new Rights(
                bounding,
                linux.filter(named -> named.effectiveCapabilities().isPresent())
                        .map(named -> effective(named, bounding)));
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
