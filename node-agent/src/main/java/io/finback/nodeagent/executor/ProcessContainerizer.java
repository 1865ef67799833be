package io.finback.nodeagent.executor;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.Containerizer;
import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.containerizer.Usage;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.TaskInfo;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Runs commands as processes of this machine, each under a holder that keeps its end ({@link Launcher}, ADR 0003). */
public final class ProcessContainerizer implements Containerizer {
    private final Launcher launcher;
    private final Processes processes;
    private final Path sandboxes;
    private final String bootId;

    /** @param sandboxes the directory above the sandboxes of this and every earlier id of the agent */
    public ProcessContainerizer(Launcher launcher, Processes processes, Path sandboxes, String bootId) {
        this.launcher = launcher;
        this.processes = processes;
        this.sandboxes = sandboxes;
        this.bootId = bootId;
    }

    @Override
    public String name() {
        return Containerizers.MESOS;
    }

    @Override
    public Optional<String> objection(TaskInfo task) {
        CommandInfo command = task.command();
        String self = System.getProperty("user.name", "");
        if (command.user().filter(user -> !user.equals(self)).isPresent()) {
            return Optional.of("command.user: " + command.user().get() + " (expected: " + self
                    + ", the agent's own; other users are not supported yet)");
        }
        if (!command.shell() && command.arguments().isEmpty()) {
            return Optional.of("command.arguments: empty (expected: at least the program, since shell is false)");
        }
        return Optional.empty();
    }

    @Override
    public ContainerRef prepare(ContainerSpec spec) throws LaunchFailure {
        return launcher.prepare(spec);
    }

    @Override
    public boolean release(ContainerRef prepared) {
        return launcher.release(own(prepared));
    }

    @Override
    public void discard(ContainerRef prepared) {
        launcher.discard(own(prepared));
    }

    @Override
    public void discardAll() {
        launcher.discardAll();
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
        processes.killStragglers(ended.stream().map(ProcessContainerizer::own).toList());
    }

    @Override
    public void forget(ContainerRef container) {
        processes.forget(own(container));
    }

    @Override
    public void endOrphans(Set<String> known) {
        Orphans.end(sandboxes, known, processes, bootId);
    }

    @Override
    public Map<ContainerRef, Usage> usage(Collection<ContainerRef> containers) {
        return SessionUsage.of(
                containers.stream().map(ProcessContainerizer::own).toList());
    }

    private static ProcessRef own(ContainerRef container) {
        return (ProcessRef) container;
    }
}
