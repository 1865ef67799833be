package io.finback.nodeagent.executor;

import io.finback.nodeagent.cgroup.Cgroups;
import io.finback.nodeagent.cgroup.ContainerGroup;
import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.Containerizer;
import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.containerizer.Usage;
import io.finback.nodeagent.containerizer.VolumeMount;
import io.finback.nodeagent.isolation.Isolation;
import io.finback.nodeagent.isolation.TaskUser;
import io.finback.nodeagent.isolation.TaskUser.Account;
import io.finback.nodeagent.isolation.Wrap;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.Containment;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.resources.Disk;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.TaskInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs commands as processes of this machine, each under a holder that keeps its end ({@link Launcher}, ADR 0003), in whatever
 * contains it here ({@link Isolation}).
 */
public final class ProcessContainerizer implements Containerizer {
    private static final Logger log = LoggerFactory.getLogger(ProcessContainerizer.class);

    private final Launcher launcher;
    private final Processes processes;
    private final Isolation isolation;
    private final TaskUser users;
    private final Path sandboxes;
    private final String bootId;

    /** @param sandboxes the directory above the sandboxes of this and every earlier id of the agent */
    public ProcessContainerizer(
            Launcher launcher, Processes processes, Isolation isolation, Path sandboxes, String bootId) {
        this.launcher = launcher;
        this.processes = processes;
        this.isolation = isolation;
        this.users = new TaskUser(isolation, System.getProperty("user.name", ""));
        this.sandboxes = sandboxes;
        this.bootId = bootId;
    }

    /** Containers ended for want of memory since this process started. */
    public long outOfMemory() {
        return processes.contained().outOfMemory();
    }

    /** Control groups that are to be removed and are still in use. */
    public long leftGroups() {
        return processes.contained().leftGroups();
    }

    @Override
    public String name() {
        return Containerizers.MESOS;
    }

    @Override
    public Optional<String> objection(TaskInfo task) {
        CommandInfo command = task.command();
        if (!command.shell() && command.arguments().isEmpty()) {
            return Optional.of("command.arguments: empty (expected: at least the program, since shell is false)");
        }
        if (!launcher.hasTerminals()
                && task.options().container().flatMap(ContainerInfo::tty).isPresent()) {
            return Optional.of("container.tty_info: present (expected: none, since tasks are started by a shell here:"
                    + " finback.agent.launcher)");
        }
        return users.objection(task)
                .or(() -> isolation.objection(task))
                .or(() -> absoluteVolume(task))
                .or(() -> LinkedVolumes.objection(task));
    }

    /** Who sees the machine's files would have to have the volume among them. */
    private static Optional<String> absoluteVolume(TaskInfo task) {
        return task.resources().special().stream()
                .filter(entry -> entry.kind().isPersistentVolume())
                .flatMap(entry -> entry.kind().disk().flatMap(Disk::volume).stream())
                .filter(mount -> mount.containerPath().startsWith("/") || mount.readOnly())
                .findFirst()
                .map(mount -> "resources.disk.volume: " + mount.containerPath() + (mount.readOnly() ? ", RO" : "")
                        + " (expected: a relative container_path and mode RW for a task without an image)");
    }

    @Override
    public ContainerRef prepare(ContainerSpec asked) throws LaunchFailure {
        try {
            Optional<Account> account = users.account(asked.task());
            ContainerSpec spec =
                    account.map(who -> SandboxOwner.homeOf(asked, who)).orElse(asked);
            List<VolumeMount> volumes = new ArrayList<>(spec.volumes());
            volumes.addAll(LinkedVolumes.prepare(spec.task(), spec.sandbox()));
            SandboxOwner.link(volumes, spec.sandbox());
            SandboxOwner.give(spec.sandbox(), account);
            if (account.isPresent()) {
                SandboxOwner.give(volumes, account.get());
            }
            Wrap wrap = isolation.wrap(spec.task(), account, SandboxOwner.tmp(spec.sandbox(), isolation.settings()));
            return isolation.cgroups().isPresent()
                    ? prepareIn(isolation.cgroups().get(), spec, wrap)
                    : launcher.prepare(spec, wrap);
        } catch (IOException | IllegalArgumentException e) {
            throw new LaunchFailure("cannot contain it", e);
        }
    }

    private ProcessRef prepareIn(Cgroups cgroups, ContainerSpec spec, Wrap wrap) throws LaunchFailure, IOException {
        ContainerGroup groups = cgroups.create(
                spec.container(),
                isolation.limits(spec.task()),
                isolation.settings().limitSwap());
        ProcessRef bare;
        try {
            bare = launcher.prepare(spec, wrap);
        } catch (LaunchFailure e) {
            processes.contained().remove(groups);
            throw e;
        }
        ProcessRef made = bare.in(new Containment(
                groups.directories(),
                bare.containment().flatMap(Containment::init),
                bare.containment().map(Containment::namespaces).orElse(Set.of())));
        try {
            groups.attach(made.pid());
            OomScore.set(made, isolation.settings().oomScore());
            return made;
        } catch (IOException e) {
            discard(made);
            throw e;
        }
    }

    @Override
    public boolean release(ContainerRef prepared) {
        return launcher.release(own(prepared));
    }

    @Override
    public void discard(ContainerRef prepared) {
        launcher.discard(own(prepared));
        processes.forget(own(prepared));
    }

    @Override
    public void discardAll() {
        launcher.discardAll().forEach(processes::forget);
    }

    @Override
    public Optional<Exit> exit(ContainerRef container) {
        return processes.exit(own(container));
    }

    @Override
    public void terminate(ContainerRef container) {
        processes.terminate(own(container));
    }

    @Override
    public void forceKill(ContainerRef container) {
        processes.forceKill(own(container));
    }

    @Override
    public void sweep(List<ContainerRef> ended) {
        List<ProcessRef> own = ended.stream().map(ProcessContainerizer::own).toList();
        processes.killStragglers(own);
        processes.awaitLoggers(own);
    }

    @Override
    public void forget(ContainerRef container) {
        processes.forget(own(container));
    }

    @Override
    public void endOrphans(Set<String> known) {
        Orphans.end(sandboxes, known, processes, bootId);
        isolation.cgroups().ifPresent(cgroups -> cgroups.containers().stream()
                .filter(container -> !known.contains(container))
                .forEach(container -> endGroups(cgroups.find(container), "no_readable_checkpoint")));
        // Their connections ended with the last agent.
        isolation.cgroups().ifPresent(cgroups -> cgroups.containers().stream()
                .filter(known::contains)
                .flatMap(container -> cgroups.find(container).beneath(NestedLauncher.SESSION_GROUP).stream())
                .forEach(session -> endGroups(session, "session_of_an_ended_agent")));
    }

    private void endGroups(ContainerGroup groups, String reason) {
        try {
            if (!groups.isEmpty()) {
                log.warn("task.orphan_killed groups={} reason={}", groups.directories(), reason);
                groups.kill();
            }
        } catch (IOException e) {
            log.warn("task.orphan_left groups={} reason={}", groups.directories(), e.getMessage());
        }
        processes.contained().remove(groups);
    }

    @Override
    public Map<ContainerRef, Usage> usage(Collection<ContainerRef> containers) {
        Map<ContainerRef, Usage> usage = new HashMap<>();
        List<ProcessRef> unmeasured = new ArrayList<>();
        for (ContainerRef container : containers) {
            Usage measured = ContainedEnds.groups(own(container))
                    .map(ContainerGroup::usage)
                    .orElse(Usage.NONE);
            if (measured.cpu().isPresent() && measured.memory().isPresent()) {
                usage.put(container, measured);
            } else {
                unmeasured.add(own(container));
            }
        }
        if (!unmeasured.isEmpty()) {
            usage.putAll(SessionUsage.of(unmeasured));
        }
        return usage;
    }

    private static ProcessRef own(ContainerRef container) {
        return (ProcessRef) container;
    }
}
