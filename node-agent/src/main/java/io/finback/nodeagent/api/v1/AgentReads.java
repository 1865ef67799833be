package io.finback.nodeagent.api.v1;

import io.finback.mesos.translate.ExecutorMessages;
import io.finback.mesos.translate.ResourceMessages;
import io.finback.mesos.translate.StatusMessages;
import io.finback.mesos.translate.TaskMessages;
import io.finback.nodeagent.api.AgentView;
import io.finback.nodeagent.api.Seen;
import io.finback.nodeagent.containerizer.Usage;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.NestedContainer;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.ExecutorRuns;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.agent.Protos.Response;

/** What operators ask an agent, from the board of its tasks. Asks no actor. */
final class AgentReads {
    private AgentReads() {}

    static Response.GetTasks tasks(Seen seen) {
        Response.GetTasks.Builder all = Response.GetTasks.newBuilder();
        for (AgentTask task : seen.live()) {
            if (task.isExecutorRun()) {
                continue;
            }
            if (task.isEnded()) {
                all.addTerminatedTasks(task(task));
            } else if (task.isStaged()) {
                all.addQueuedTasks(task(task));
            } else {
                all.addLaunchedTasks(task(task));
            }
        }
        seen.ended().stream().filter(task -> !task.isExecutorRun()).forEach(task -> all.addCompletedTasks(task(task)));
        return all.build();
    }

    static Response.GetExecutors executors(Seen seen) {
        Response.GetExecutors.Builder all = Response.GetExecutors.newBuilder();
        seen.live().stream()
                .filter(task -> hasExecutorOfItsOwn(task) && seen.executor(task))
                .forEach(task -> all.addExecutors(
                        Response.GetExecutors.Executor.newBuilder().setExecutorInfo(executor(task))));
        seen.ended().stream()
                .filter(task -> hasExecutorOfItsOwn(task) && seen.executor(task))
                .forEach(task -> all.addCompletedExecutors(
                        Response.GetExecutors.Executor.newBuilder().setExecutorInfo(executor(task))));
        return all.build();
    }

    static Response.GetFrameworks frameworks(Seen seen) {
        Map<String, Protos.FrameworkInfo> known = new LinkedHashMap<>();
        for (AgentTask task : seen.live()) {
            String id = task.info().framework().value();
            if (task.isExecutorRun() || !known.containsKey(id)) {
                known.put(id, ExecutorWire.framework(task));
            }
        }
        Response.GetFrameworks.Builder all = Response.GetFrameworks.newBuilder();
        known.values()
                .forEach(info -> all.addFrameworks(
                        Response.GetFrameworks.Framework.newBuilder().setFrameworkInfo(info)));
        return all.build();
    }

    static Response.GetContainers containers(AgentView view, Seen seen, boolean nested, List<NestedContainer> beside) {
        Response.GetContainers.Builder all = Response.GetContainers.newBuilder();
        List<AgentTask> shown = seen.live().stream()
                .filter(task -> task.process().isPresent()
                        && !task.isEnded()
                        && (nested || !task.isNested())
                        && seen.container(task))
                .toList();
        Map<ContainerRef, Usage> usage = view.containers()
                .usage(shown.stream().flatMap(task -> task.process().stream()).toList());
        Instant now = Instant.now();
        for (AgentTask task : shown) {
            Protos.ContainerID id = containerId(task);
            Protos.ContainerStatus.Builder status =
                    Protos.ContainerStatus.newBuilder().setContainerId(id);
            task.process().flatMap(ContainerRef::leader).ifPresent(pid -> status.setExecutorPid(Math.toIntExact(pid)));
            Response.GetContainers.Container.Builder container = Response.GetContainers.Container.newBuilder();
            task.process()
                    .map(usage::get)
                    .ifPresent(used -> container.setResourceStatistics(
                            StatisticsMessage.of(task.info().resources(), used, now)));
            all.addContainers(container
                    .setFrameworkId(Protos.FrameworkID.newBuilder()
                            .setValue(task.info().framework().value()))
                    .setExecutorId(Protos.ExecutorID.newBuilder().setValue(executorId(task)))
                    .setExecutorName(task.info().name())
                    .setContainerId(id)
                    .setContainerStatus(status));
        }
        if (nested) {
            List<List<String>> roots =
                    shown.stream().map(task -> Parents.path(containerId(task))).toList();
            Predicate<NestedContainer> isIn =
                    container -> roots.stream().anyMatch(root -> Parents.isIn(container.path(), root));
            beside.stream()
                    .filter(isIn)
                    .forEach(container -> all.addContainers(Response.GetContainers.Container.newBuilder()
                            .setContainerId(Parents.container(container.path()))
                            .setContainerStatus(Protos.ContainerStatus.newBuilder()
                                    .setContainerId(Parents.container(container.path()))
                                    .setExecutorPid(
                                            Math.toIntExact(container.process().pid())))));
        }
        return all.build();
    }

    static Protos.ContainerID containerId(AgentTask task) {
        Optional<String> outer = task.info().options().executorRun().map(ExecutorRuns::container);
        return StatusMessages.containerId(
                task.isNested() && outer.isPresent() ? outer.get() + "." + task.container() : task.container());
    }

    private static boolean hasExecutorOfItsOwn(AgentTask task) {
        return task.isExecutorRun() || task.info().options().executor().isEmpty();
    }

    private static String executorId(AgentTask task) {
        return task.info()
                .options()
                .executor()
                .map(ExecutorInfo::id)
                .orElse(task.info().id().value());
    }

    /** A command's executor is named like it. */
    @SuppressWarnings("deprecation") // ExecutorInfo.source, which readers still look at
    private static Protos.ExecutorInfo executor(AgentTask task) {
        return task.info()
                .options()
                .executor()
                .map(executor -> ExecutorMessages.to(task.info().framework(), executor))
                .orElseGet(() -> Protos.ExecutorInfo.newBuilder()
                        .setExecutorId(Protos.ExecutorID.newBuilder()
                                .setValue(task.info().id().value()))
                        .setFrameworkId(Protos.FrameworkID.newBuilder()
                                .setValue(task.info().framework().value()))
                        .setName("Command Executor (Task: " + task.info().id() + ")")
                        .setSource(task.info().id().value())
                        .build());
    }

    private static Protos.Task task(AgentTask task) {
        Protos.Task.Builder message = Protos.Task.newBuilder()
                .setName(task.info().name())
                .setTaskId(Protos.TaskID.newBuilder().setValue(task.info().id().value()))
                .setFrameworkId(Protos.FrameworkID.newBuilder()
                        .setValue(task.info().framework().value()))
                .setExecutorId(Protos.ExecutorID.newBuilder().setValue(executorId(task)))
                .setAgentId(
                        Protos.AgentID.newBuilder().setValue(task.info().agent().value()))
                .setState(StatusMessages.state(task.state()))
                .addAllResources(ResourceMessages.to(
                        task.info().resources(),
                        ResourceMessages.Format.REFINED,
                        Optional.of(task.info().role())));
        task.unacknowledged().forEach(status -> message.addStatuses(StatusMessages.to(status)));
        task.info().discovery().map(TaskMessages::to).ifPresent(message::setDiscovery);
        return message.build();
    }
}
