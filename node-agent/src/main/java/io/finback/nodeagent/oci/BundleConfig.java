package io.finback.nodeagent.oci;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.image.ImageConfig;
import io.finback.nodeagent.isolation.Capability;
import io.finback.nodeagent.isolation.Rights;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.ContainerInfo.Tty;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.Rlimit;
import io.finback.tasks.TaskInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The {@code config.json} of a bundle: what an OCI runtime makes of a task and its image. Decides nothing about its life. Source: OCI
 * runtime specification 1.0.2, {@code config.md} and {@code config-linux.md}; Mesos {@code docker/runtime} isolator for what is run.
 */
final class BundleConfig {
    private static final String DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /** Kernel interfaces that tell or do more than is a container's business, as Docker hides them. */
    private static final List<String> MASKED = List.of(
            "/proc/acpi",
            "/proc/asound",
            "/proc/kcore",
            "/proc/keys",
            "/proc/latency_stats",
            "/proc/timer_list",
            "/proc/timer_stats",
            "/proc/sched_debug",
            "/proc/scsi",
            "/sys/firmware");

    private static final List<String> READ_ONLY =
            List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

    private static final String NO_LIMIT = "18446744073709551615";

    private BundleConfig() {}

    /**
     * What surrounds a task.
     *
     * @param hostname what tasks see as {@code HOST}
     * @param noNewPrivileges whether setuid programs give nothing
     * @param ownIpc whether it has System V IPC and {@code /dev/shm} of its own
     * @param pidNamespace a file that will be the PID namespace it joins; empty: it is in the machine's
     * @param cgroupsPath of its control groups, below each hierarchy
     */
    record Around(
            String hostname,
            boolean noNewPrivileges,
            boolean ownIpc,
            int oomScore,
            Optional<Path> pidNamespace,
            String cgroupsPath,
            List<Mounts.Mount> mounts) {}

    static ObjectNode of(ContainerSpec spec, ImageConfig image, ImageUser user, Rights rights, Around around) {
        TaskInfo task = spec.task();
        ContainerInfo container = task.options().container().orElseThrow();
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("ociVersion", "1.0.2");
        root.set("process", process(spec, image, user, rights, around));
        root.putObject("root").put("path", "rootfs").put("readonly", false);
        container.hostname().ifPresent(name -> root.put("hostname", name));
        ArrayNode mounts = root.putArray("mounts");
        for (Mounts.Mount mount : around.mounts()) {
            ObjectNode one = mounts.addObject()
                    .put("destination", mount.destination())
                    .put("type", mount.type())
                    .put("source", mount.source());
            strings(one.putArray("options"), mount.options());
        }
        ObjectNode linux = root.putObject("linux");
        ArrayNode namespaces = linux.putArray("namespaces");
        namespaces.addObject().put("type", "mount");
        around.pidNamespace()
                .ifPresent(file -> namespaces.addObject().put("type", "pid").put("path", file.toString()));
        if (around.ownIpc()) {
            namespaces.addObject().put("type", "ipc");
        }
        if (container.hostname().isPresent()) {
            namespaces.addObject().put("type", "uts");
        }
        linux.put("cgroupsPath", around.cgroupsPath());
        strings(linux.putArray("maskedPaths"), MASKED);
        strings(linux.putArray("readonlyPaths"), READ_ONLY);
        devices(linux.putObject("resources").putArray("devices"));
        return root;
    }

    /** Also what {@code exec} takes, for another command in there. */
    private static ObjectNode process(
            ContainerSpec spec, ImageConfig image, ImageUser user, Rights rights, Around around) {
        TaskInfo task = spec.task();
        ObjectNode process = JsonNodeFactory.instance.objectNode();
        terminal(process, task.options().container().orElseThrow().tty());
        ObjectNode who = process.putObject("user").put("uid", user.uid()).put("gid", user.gid());
        ArrayNode groups = who.putArray("additionalGids");
        user.groups().forEach(groups::add);
        strings(process.putArray("args"), arguments(task.command(), image));
        ArrayNode env = process.putArray("env");
        environment(spec, image, user, around.hostname()).forEach((name, value) -> env.add(name + "=" + value));
        // As Mesos: the image's own directory if it names one, else the sandbox.
        process.put("cwd", image.workingDirectory().equals("/") ? Mounts.SANDBOX : image.workingDirectory());
        capabilities(process.putObject("capabilities"), user, rights);
        ArrayNode limits = process.putArray("rlimits");
        for (Rlimit limit : task.options().container().orElseThrow().rlimits()) {
            limits.addObject()
                    .put("type", "RLIMIT_" + limit.type())
                    .put("soft", new java.math.BigInteger(number(limit.soft())))
                    .put("hard", new java.math.BigInteger(number(limit.hard())));
        }
        process.put("noNewPrivileges", around.noNewPrivileges());
        process.put("oomScoreAdj", around.oomScore());
        return process;
    }

    /** Whether a process has a terminal, and of which size. */
    static void terminal(ObjectNode process, Optional<Tty> terminal) {
        process.put("terminal", terminal.isPresent());
        process.remove("consoleSize");
        terminal.filter(size -> size.rows() > 0 && size.columns() > 0)
                .ifPresent(size -> process.putObject("consoleSize")
                        .put("height", size.rows())
                        .put("width", size.columns()));
    }

    private static String number(Optional<Long> limit) {
        return limit.map(Long::toUnsignedString).orElse(NO_LIMIT);
    }

    /** What is run: the command line in the image's shell, or the image's own program with the task's arguments, or its own. */
    static List<String> arguments(CommandInfo command, ImageConfig image) {
        if (command.shell()) {
            return List.of("/bin/sh", "-c", command.value());
        }
        List<String> all = new ArrayList<>(image.entrypoint());
        all.addAll(command.arguments().isEmpty() ? image.command() : command.arguments());
        return all;
    }

    /** The task's own win over those of Mesos, and those over the image's. */
    static Map<String, String> environment(ContainerSpec spec, ImageConfig image, ImageUser user, String hostname) {
        TaskInfo task = spec.task();
        Map<String, String> all = new TreeMap<>();
        all.put("PATH", DEFAULT_PATH);
        all.put("HOME", user.home());
        all.putAll(image.environment());
        all.put("HOST", hostname);
        if (task.options().container().flatMap(ContainerInfo::tty).isPresent()) {
            all.putIfAbsent("TERM", "xterm");
        }
        if (!ExecutorRuns.isRun(task.id())) {
            all.put("MESOS_TASK_ID", task.id().value());
        }
        all.put("MESOS_EXECUTOR_ID", task.id().value());
        all.put("MESOS_FRAMEWORK_ID", task.framework().value());
        all.put("MESOS_AGENT_ID", task.agent().value());
        all.put("MESOS_SLAVE_ID", task.agent().value());
        all.putAll(spec.environment());
        all.put("MESOS_SANDBOX", Mounts.SANDBOX);
        all.put("MESOS_DIRECTORY", spec.sandbox().toString());
        all.putAll(task.command().environment());
        return all;
    }

    /** Who is not root has none unless the task names some, and then keeps them over what it runs. */
    private static void capabilities(ObjectNode to, ImageUser user, Rights rights) {
        Set<Capability> effective = rights.effective().orElse(user.uid() == 0 ? rights.bounding() : Set.of());
        // Root has all of its bounding set after the next program it starts, so that is what is asked for.
        List<String> bounding =
                names(user.uid() == 0 && rights.effective().isPresent() ? effective : rights.bounding());
        strings(to.putArray("bounding"), bounding);
        strings(to.putArray("effective"), names(effective));
        strings(to.putArray("permitted"), names(effective));
        boolean kept = user.uid() != 0 && rights.effective().isPresent();
        strings(to.putArray("inheritable"), kept ? names(effective) : List.of());
        strings(to.putArray("ambient"), kept ? names(effective) : List.of());
    }

    private static List<String> names(Collection<Capability> set) {
        return set.stream().sorted().map(Capability::kernelName).toList();
    }

    /** Nothing but what every runtime makes in {@code /dev} itself. */
    private static void devices(ArrayNode to) {
        to.addObject().put("allow", false).put("access", "rwm");
    }

    private static void strings(ArrayNode to, Collection<String> from) {
        from.forEach(to::add);
    }
}
