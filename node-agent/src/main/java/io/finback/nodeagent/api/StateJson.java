package io.finback.nodeagent.api;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.resources.FaultDomain;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.TaskStatus;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * {@code /state} in the shape of Mesos' agent: flat ids, {@code slave} naming, times in seconds. Each task stands under an executor
 * of its own id, as Mesos shows command tasks. Beyond Mesos, a task also has {@code pid} and {@code directory}. Source:
 * apache/mesos {@code src/slave/http.cpp}.
 */
final class StateJson {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final Pattern NUMBER = Pattern.compile("-?\\d{1,15}(\\.\\d{1,15})?");

    private StateJson() {}

    static String state(AgentView view, Seen seen, int port) {
        ObjectNode state = MAPPER.createObjectNode();
        List<AgentTask> live = seen.live();
        state.put("id", view.id());
        state.put("pid", "slave(1)@" + view.hostname() + ":" + port);
        state.put("hostname", view.hostname());
        state.put("version", view.version());
        state.put("start_time", seconds(view.started()));
        state.put("registered", view.registration().isRegistered());
        Resources total = seen.resources();
        Resources unreserved = ResourceShapes.unreserved(total);
        state.set("resources", ResourceShapes.summed(total));
        state.set("reserved_resources", ResourceShapes.reserved(total));
        state.set("unreserved_resources", ResourceShapes.summed(unreserved));
        state.set("reserved_resources_full", ResourceShapes.reservedFull(total));
        state.set("unreserved_resources_full", ResourceShapes.full(unreserved));
        ObjectNode attributes = state.putObject("attributes");
        new TreeMap<>(view.attributes()).forEach((name, text) -> attribute(attributes, name, text));
        view.domain().ifPresent(domain -> state.set("domain", fault(domain)));
        if (seen.flags()) {
            state.set("flags", Flags.of(view));
        }
        state.set("isolators", view.containment().json());

        ArrayNode containerizers = state.putArray("containerizers");
        view.containers().standings().forEach((name, standing) -> containerizers
                .addObject()
                .put("name", name)
                .put("available", standing.available())
                .put("detail", standing.text()));

        TreeMap<String, ObjectNode> frameworks = new TreeMap<>();
        for (AgentTask task : live) {
            if (isShown(task, seen)) {
                framework(frameworks, task).withArray("executors").add(executor(view, task, live));
            }
        }
        for (AgentTask task : seen.ended()) {
            if (isShown(task, seen)) {
                framework(frameworks, task).withArray("completed_executors").add(executor(view, task, live));
            }
        }
        state.putArray("frameworks").addAll(frameworks.values());
        state.putArray("completed_frameworks");
        return state.toString();
    }

    private static boolean isShown(AgentTask task, Seen seen) {
        return (task.isExecutorRun() || task.info().options().executor().isEmpty()) && seen.executor(task);
    }

    private static ObjectNode framework(Map<String, ObjectNode> frameworks, AgentTask task) {
        return frameworks.computeIfAbsent(task.info().framework().value(), id -> {
            ObjectNode framework = MAPPER.createObjectNode();
            framework.put("id", id);
            framework.put("name", id);
            framework.putArray("executors");
            framework.putArray("completed_executors");
            return framework;
        });
    }

    /** A command under an executor named like it, or an executor with its tasks. */
    private static ObjectNode executor(AgentView view, AgentTask task, List<AgentTask> live) {
        ObjectNode executor = MAPPER.createObjectNode();
        Optional<ExecutorInfo> info = task.info().options().executor();
        executor.put("id", info.map(ExecutorInfo::id).orElse(task.info().id().value()));
        executor.put(
                "name",
                info.map(ExecutorInfo::name)
                        .orElse("Command Executor (Task: " + task.info().id() + ")"));
        executor.put(
                "source",
                info.flatMap(ExecutorInfo::source).orElse(task.info().id().value()));
        executor.put("container", task.container());
        executor.put("directory", view.sandboxes().of(task).toString());
        info.ifPresent(one -> executor.put("type", one.type().name()));
        executor.set(
                "resources",
                ResourceShapes.summed(
                        task.isEnded() ? Resources.EMPTY : task.info().resources()));
        executor.putArray("tasks");
        executor.putArray("queued_tasks");
        executor.putArray("completed_tasks");
        Optional<TaskId> run = Optional.of(task.info().id());
        List<AgentTask> mine = task.isExecutorRun()
                ? live.stream()
                        .filter(one -> one.info().options().executorRun().equals(run)
                                && one.info().framework().equals(task.info().framework()))
                        .toList()
                : List.of(task);
        for (AgentTask one : mine) {
            executor.withArray(one.isEnded() ? "completed_tasks" : one.isStaged() ? "queued_tasks" : "tasks")
                    .add(task(view, one));
        }
        return executor;
    }

    private static ObjectNode task(AgentView view, AgentTask task) {
        ObjectNode shown = MAPPER.createObjectNode();
        shown.put("id", task.info().id().value());
        shown.put("name", task.info().name());
        shown.put("framework_id", task.info().framework().value());
        shown.put(
                "executor_id",
                task.info().options().executor().map(ExecutorInfo::id).orElse(""));
        shown.put("slave_id", view.id());
        shown.put("role", task.info().role());
        shown.put("state", task.state().wireName());
        shown.put("directory", view.sandboxes().of(task).toString());
        task.process().flatMap(ContainerRef::leader).ifPresent(pid -> shown.put("pid", pid));
        shown.set("resources", ResourceShapes.summed(task.info().resources()));
        ArrayNode statuses = shown.putArray("statuses");
        for (TaskStatus status : task.unacknowledged()) {
            ObjectNode entry = statuses.addObject();
            entry.put("state", status.state().wireName());
            entry.put("timestamp", seconds(status.at()));
            status.message().ifPresent(message -> entry.put("message", message));
            status.healthy().ifPresent(healthy -> entry.put("healthy", healthy));
            status.details().check().ifPresent(check -> entry.set("check_status", Checks.status(check)));
            ObjectNode container = entry.putObject("container_status");
            container.putObject("container_id").put("value", task.container());
            status.pid().ifPresent(pid -> container.put("executor_pid", pid));
        }
        task.vitals().healthy().ifPresent(healthy -> shown.put("healthy", healthy));
        task.info().options().healthCheck().ifPresent(check -> shown.set("health_check", Checks.of(check)));
        ArrayNode labels = shown.putArray("labels");
        new TreeMap<>(task.info().labels())
                .forEach((key, value) -> labels.addObject().put("key", key).put("value", value));
        return shown;
    }

    /** Numbers as numbers, as Mesos shows them; ranges and texts as texts. */
    private static void attribute(ObjectNode attributes, String name, String text) {
        if (NUMBER.matcher(text).matches()) {
            attributes.put(name, Double.parseDouble(text));
        } else {
            attributes.put(name, text);
        }
    }

    private static ObjectNode fault(FaultDomain domain) {
        ObjectNode shown = MAPPER.createObjectNode();
        ObjectNode fault = shown.putObject("fault_domain");
        fault.putObject("region").put("name", domain.region());
        fault.putObject("zone").put("name", domain.zone());
        return shown;
    }

    private static double seconds(Instant at) {
        return at.toEpochMilli() / 1000.0;
    }
}
