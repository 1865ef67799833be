package io.finback.nodeagent.node;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.containerizer.SandboxStep;
import io.finback.nodeagent.containerizer.VolumeMount;
import io.finback.nodeagent.executor.EndWatch;
import io.finback.nodeagent.secret.TaskSecrets;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.Step.Action;
import io.finback.nodeagent.volume.Volumes;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.TaskInfo;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What {@link TasksActor} does to processes. Decides nothing, remembers nothing. */
final class TaskHands {
    private static final Logger log = LoggerFactory.getLogger(TaskHands.class);

    private final TaskTools tools;

    TaskHands(TaskTools tools) {
        this.tools = tools;
    }

    /** Why this agent will not run it: the field, its value and what was expected. */
    Optional<String> objection(TaskInfo info) {
        if (!info.agent().equals(tools.agent())) {
            return Optional.of("agent: " + info.agent() + " (expected: " + tools.agent() + ", this one)");
        }
        boolean hasNoProcess = ExecutorRuns.isRun(info.id())
                ? false
                : info.options()
                        .executor()
                        .filter(executor -> executor.type() == ExecutorInfo.Type.CUSTOM)
                        .isPresent();
        if (hasNoProcess) {
            return Optional.empty();
        }
        return tools.sandboxSteps().stream()
                .flatMap(step -> step.objection(info).stream())
                .findFirst()
                .or(() -> Volumes.objection(info.resources()))
                .or(() -> tools.containers().objection(info));
    }

    /** Where {@link #prepare} belongs, so that a download keeps no other task waiting. */
    Executor whereToPrepare(AgentTask task) {
        boolean takesLong = tools.sandboxSteps().stream().anyMatch(step -> step.takesLong(task.info()));
        return takesLong ? tools.patient() : tools.blocking();
    }

    /** Whatever {@link #prepare} waits for is not wanted any more. */
    void stopPreparing(AgentTask task) {
        tools.sandboxSteps().forEach(step -> step.stop(task));
    }

    /**
     * Ends what runs in this data directory's sandboxes without a task that is known: its checkpoint could not be read, or the
     * directory was emptied and the agent has a new id. The masters have such tasks started elsewhere.
     */
    void endOrphans(Collection<AgentTask> known) {
        tools.secrets().keepOnly(known.stream().map(AgentTask::container).collect(Collectors.toSet()));
        // What a dead agent has prepared and not written down will never be released; the task gets another container.
        tools.containers()
                .endOrphans(known.stream()
                        .filter(task -> task.process().isPresent())
                        // The sandbox of a group's task is named after the task, in that of its executor.
                        .flatMap(task -> task.isNested()
                                ? Stream.of(
                                        task.container(),
                                        tools.sandboxes().of(task).toString())
                                : Stream.of(task.container()))
                        .collect(Collectors.toSet()));
    }

    /** Makes the sandbox, fills it, and makes a container that waits in it. Blocks for as long as that takes; thread-safe. */
    ContainerRef prepare(AgentTask task) {
        try {
            Path sandbox = tools.sandboxes().create(task);
            for (SandboxStep step : tools.sandboxSteps()) {
                step.fill(task, sandbox);
            }
            TaskSecrets.Given secrets = tools.secrets().prepare(task.container(), task.info());
            Map<String, String> environment = new HashMap<>(tools.executors().environment(task));
            environment.putAll(secrets.environment());
            List<VolumeMount> volumes =
                    new ArrayList<>(tools.volumes().prepare(task.info().resources()));
            volumes.addAll(secrets.files());
            return tools.containers()
                    .prepare(new ContainerSpec(
                            task.container(),
                            task.info(),
                            sandbox,
                            tools.store().begunFile(task),
                            environment,
                            volumes));
        } catch (LaunchFailure e) {
            throw new CompletionException(e);
        }
    }

    /** Of the disk the sandboxes are on, 0 to 1; 0 when it cannot be asked, so that nothing is thrown away for it. */
    double usedShareOfDisk() {
        try {
            FileStore disk = Files.getFileStore(tools.store().directory());
            long total = disk.getTotalSpace();
            return total <= 0 ? 0 : 1 - (double) disk.getUsableSpace() / total;
        } catch (IOException e) {
            log.warn("disk.unmeasured reason={}", e.toString());
            return 0;
        }
    }

    /** What to tell people of a failed {@link #prepare}. */
    static String reason(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof LaunchFailure ? String.valueOf(cause.getMessage()) : cause.toString();
    }

    /** Everything but {@link Action#PREPARE}. */
    void act(AgentTask task, Action action, EndWatch watch) {
        Optional<ContainerRef> process = task.process();
        switch (action) {
            case RELEASE ->
                process.ifPresent(ref -> {
                    // Should it be gone, the watch finds it ended without having begun.
                    boolean released = tools.containers().release(ref);
                    log.info(
                            "task.started task={} pid={} released={}",
                            task.key(),
                            ref.leader().orElse(0L),
                            released);
                    watch.watch(task.key(), ref);
                });
            case WATCH -> process.ifPresent(ref -> watch.watch(task.key(), ref));
            case TERMINATE ->
                process.ifPresent(ref -> {
                    watch.hurry(task.key());
                    tools.containers().terminate(ref);
                });
            case FORCE_KILL ->
                process.ifPresent(ref -> {
                    watch.hurry(task.key());
                    tools.containers().forceKill(ref);
                });
            case FORGET_PROCESS -> {
                process.ifPresent(tools.containers()::forget);
                tools.secrets().forget(task.container());
            }
            case DISCARD -> log.info("task.discarded task={}", task.key());
            case PREPARE, JOIN -> throw new IllegalArgumentException(action + ": it is not done here");
        }
    }
}
