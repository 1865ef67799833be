package io.finback.controlplane.mesosapi;

import com.fasterxml.jackson.core.JsonGenerator;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.view.Page;
import io.finback.mesos.translate.CheckMessages;
import io.finback.mesos.translate.ContainerMessages;
import io.finback.mesos.translate.TaskMessages;
import io.finback.mesos.v1.JsonWriter;
import io.finback.tasks.ExecutorInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/** A task as the endpoints of Mesos show it. */
final class TaskJson {
    /** Of a page of tasks that have not ended: those whose agent answers. */
    static final Page.Derivation<FrameworkDelta.Task, Fragment> REACHABLE =
            Page.Derivation.of(tasks -> JsonRope.elements(
                    tasks.stream().filter(task -> !isUnreachable(task)).toList(), TaskJson::write));

    static final Page.Derivation<FrameworkDelta.Task, Fragment> UNREACHABLE = Page.Derivation.of(tasks ->
            JsonRope.elements(tasks.stream().filter(TaskJson::isUnreachable).toList(), TaskJson::write));

    static final Page.Derivation<FrameworkDelta.Task, Fragment> COMPLETED = JsonRope.page(TaskJson::write);

    private TaskJson() {}

    static boolean isUnreachable(FrameworkDelta.Task task) {
        return task.status().state() == TaskState.UNREACHABLE;
    }

    static void write(FrameworkDelta.Task task, JsonGenerator to) throws IOException {
        to.writeStartObject();
        to.writeStringField("id", task.id().value());
        to.writeStringField("name", task.name());
        to.writeStringField("framework_id", task.status().framework().value());
        to.writeStringField("executor_id", task.executor().map(ExecutorInfo::id).orElse(""));
        to.writeStringField("slave_id", task.agent().value());
        to.writeStringField("state", task.status().state().wireName());
        to.writeStringField("role", task.role());
        Amounts.of(task.resources()).write("resources", to);
        if (!task.limits().isEmpty()) {
            to.writeObjectFieldStart("limits");
            for (Map.Entry<String, Double> limit : new TreeMap<>(task.limits()).entrySet()) {
                to.writeNumberField(limit.getKey(), limit.getValue());
            }
            to.writeEndObject();
        }
        to.writeArrayFieldStart("statuses");
        for (TaskStatus status : task.history()) {
            write(status, to);
        }
        write(task.status(), to);
        to.writeEndArray();
        writeLabels(task.labels(), to);
        if (task.discovery().isPresent()) {
            to.writeFieldName("discovery");
            JsonWriter.write(TaskMessages.to(task.discovery().get()), to);
        }
        if (task.container().isPresent()) {
            to.writeFieldName("container");
            JsonWriter.write(ContainerMessages.to(task.container().get()), to);
        }
        if (task.user().isPresent()) {
            to.writeStringField("user", task.user().get());
        }
        if (task.healthCheck().isPresent()) {
            to.writeFieldName("health_check");
            JsonWriter.write(CheckMessages.to(task.healthCheck().get()), to);
        }
        to.writeEndObject();
    }

    static void writeLabels(Map<String, String> labels, JsonGenerator to) throws IOException {
        to.writeArrayFieldStart("labels");
        for (Map.Entry<String, String> label : labels.entrySet()) {
            to.writeStartObject();
            to.writeStringField("key", label.getKey());
            to.writeStringField("value", label.getValue());
            to.writeEndObject();
        }
        to.writeEndArray();
    }

    private static void write(TaskStatus status, JsonGenerator to) throws IOException {
        to.writeStartObject();
        to.writeStringField("state", status.state().wireName());
        to.writeNumberField("timestamp", StateJson.seconds(status.at()));
        if (status.healthy().isPresent()) {
            to.writeBooleanField("healthy", status.healthy().get());
        }
        if (status.reason().isPresent()) {
            to.writeStringField("reason", "REASON_" + status.reason().get());
        }
        to.writeStringField("source", source(status));
        if (status.message().isPresent()) {
            to.writeStringField("message", status.message().get());
        }
        if (status.details().check().isPresent()) {
            to.writeFieldName("check_status");
            JsonWriter.write(CheckMessages.to(status.details().check().get()), to);
        }
        writeContainer(status, to);
        if (status.unreachableAt().isPresent()) {
            to.writeObjectFieldStart("unreachable_time");
            to.writeNumberField("nanoseconds", status.unreachableAt().get().toEpochMilli() * 1_000_000L);
            to.writeEndObject();
        }
        to.writeEndObject();
    }

    private static void writeContainer(TaskStatus status, JsonGenerator to) throws IOException {
        if (status.pid().isEmpty() && status.details().containerId().isEmpty()) {
            return;
        }
        to.writeObjectFieldStart("container_status");
        if (status.details().containerId().isPresent()) {
            to.writeObjectFieldStart("container_id");
            to.writeStringField("value", status.details().containerId().get());
            to.writeEndObject();
        }
        if (status.pid().isPresent()) {
            to.writeNumberField("executor_pid", status.pid().get());
        }
        to.writeEndObject();
    }

    private static String source(TaskStatus status) {
        return "SOURCE_" + status.source().name();
    }
}
