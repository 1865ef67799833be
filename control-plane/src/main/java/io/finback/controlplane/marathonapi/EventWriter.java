package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.ServiceEvent;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.scheduler.Instance;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** Events as Marathon's listeners know them. Source: Marathon's Events. */
final class EventWriter {
    private record Form<E extends ServiceEvent>(
            Class<E> event, Function<E, String> type, BiConsumer<E, ObjectNode> fields) {
        String typeOf(ServiceEvent e) {
            return type.apply(event.cast(e));
        }

        void write(ServiceEvent e, ObjectNode node) {
            fields.accept(event.cast(e), node);
        }
    }

    private static final Map<Class<?>, Form<?>> FORMS = new LinkedHashMap<>();

    static {
        form(ServiceEvent.TaskChanged.class, e -> "status_update_event", EventWriter::task);
        form(ServiceEvent.InstanceChanged.class, e -> "instance_changed_event", EventWriter::instance);
        form(ServiceEvent.HealthChanged.class, e -> "health_status_changed_event", (e, n) -> n.put("appId", e.appId())
                .put("taskId", e.taskId())
                .put("instanceId", e.taskId())
                .put("version", Json.time(e.version()))
                .put("alive", e.alive()));
        form(ServiceEvent.InstanceHealthChanged.class, e -> "instance_health_changed_event", (e, n) -> n.put(
                        "instanceId", e.taskId())
                .put("runSpecId", e.appId())
                .put("runSpecVersion", Json.time(e.version()))
                .put("healthy", e.alive()));
        form(ServiceEvent.CheckFailed.class, e -> "failed_health_check_event", (e, n) -> n.put("appId", e.appId())
                .put("taskId", e.taskId())
                .set("healthCheck", HealthWriter.check(e.check())));
        form(ServiceEvent.UnhealthyKilled.class, e -> "unhealthy_instance_kill_event", EventWriter::killed);
        form(ServiceEvent.CheckAdded.class, e -> "add_health_check_event", (e, n) -> n.put("appId", e.appId())
                .put("version", Json.time(e.version()))
                .set("healthCheck", HealthWriter.check(e.check())));
        form(ServiceEvent.CheckRemoved.class, e -> "remove_health_check_event", (e, n) -> n.put("appId", e.appId()));
        form(ServiceEvent.AppTerminated.class, e -> "app_terminated_event", (e, n) -> n.put("appId", e.appId()));
        form(ServiceEvent.UnknownEnded.class, e -> "unknown_instance_terminated_event", (e, n) -> n.put(
                        "instanceId", e.taskId())
                .put("runSpecId", e.appId())
                .put("condition", condition(e.state().wireName())));
        form(ServiceEvent.DeploymentChanged.class, EventWriter::deploymentType, EventWriter::deployment);
        form(
                ServiceEvent.GroupChanged.class,
                e -> e.failure().isPresent() ? "group_change_failed" : "group_change_success",
                (e, n) -> {
                    n.put("groupId", e.path()).put("version", Json.time(e.version()));
                    e.failure().ifPresent(why -> n.put("reason", why));
                });
        form(ServiceEvent.ApiPosted.class, e -> "api_post_event", (e, n) -> n.put("clientIp", e.clientIp())
                .put("uri", e.uri())
                .set("appDefinition", AppWriter.version(e.app())));
        form(
                ServiceEvent.CallbackChanged.class,
                e -> e.subscribed() ? "subscribe_event" : "unsubscribe_event",
                (e, n) -> n.put("clientIp", e.clientIp()).put("callbackUrl", e.url()));
        form(ServiceEvent.PodChanged.class, EventWriter::podType, (e, n) -> n.put("clientIp", e.clientIp())
                .put("uri", e.uri()));
        form(ServiceEvent.SchedulerChanged.class, EventWriter::schedulerType, EventWriter::scheduler);
        form(
                ServiceEvent.StreamChanged.class,
                e -> e.attached() ? "event_stream_attached" : "event_stream_detached",
                (e, n) -> n.put("remoteAddress", e.remoteAddress()));
    }

    private EventWriter() {}

    private static <E extends ServiceEvent> void form(
            Class<E> event, Function<E, String> type, BiConsumer<E, ObjectNode> fields) {
        FORMS.put(event, new Form<>(event, type, fields));
    }

    static String type(ServiceEvent event) {
        return of(event).typeOf(event);
    }

    static ObjectNode json(ServiceEvent event) {
        ObjectNode node = Json.object();
        of(event).write(event, node);
        return node.put("eventType", type(event)).put("timestamp", Json.time(event.at()));
    }

    private static Form<?> of(ServiceEvent event) {
        Form<?> form = FORMS.get(event.getClass());
        if (form == null) {
            throw new IllegalStateException("no form of " + event.getClass().getName());
        }
        return form;
    }

    private static String podType(ServiceEvent.PodChanged e) {
        return switch (e.what()) {
            case CREATED -> "pod_created_event";
            case UPDATED -> "pod_updated_event";
            case DELETED -> "pod_deleted_event";
        };
    }

    private static String schedulerType(ServiceEvent.SchedulerChanged e) {
        return switch (e.connection()) {
            case REGISTERED -> "scheduler_registered_event";
            case REREGISTERED -> "scheduler_reregistered_event";
            case DISCONNECTED -> "scheduler_disconnected_event";
        };
    }

    private static void scheduler(ServiceEvent.SchedulerChanged e, ObjectNode node) {
        if (e.connection() == ServiceEvent.Connection.REGISTERED) {
            node.put("frameworkId", e.framework());
        }
        if (e.connection() != ServiceEvent.Connection.DISCONNECTED) {
            node.put("master", e.master());
        }
    }

    private static void task(ServiceEvent.TaskChanged e, ObjectNode node) {
        node.put("slaveId", e.place().map(Instance.Place::agentId).orElse(""))
                .put("taskId", e.taskId())
                .put("taskStatus", e.state().wireName())
                .put("message", e.message())
                .put("appId", e.appId())
                .put("host", host(e.place()));
        ArrayNode addresses = node.putArray("ipAddresses");
        ArrayNode ports = node.putArray("ports");
        e.place().ifPresent(place -> {
            addresses.addObject().put("ipAddress", place.host()).put("protocol", "IPv4");
            place.ports().forEach(ports::add);
        });
        node.put("version", Json.time(e.version()));
    }

    private static void instance(ServiceEvent.InstanceChanged e, ObjectNode node) {
        node.put("instanceId", e.taskId())
                .put("condition", e.condition())
                .put("runSpecId", e.appId())
                .put("agentId", e.place().map(Instance.Place::agentId).orElse(""))
                .put("host", host(e.place()))
                .put("runSpecVersion", Json.time(e.version()));
    }

    private static void killed(ServiceEvent.UnhealthyKilled e, ObjectNode node) {
        node.put("appId", e.appId())
                .put("taskId", e.taskId())
                .put("instanceId", e.taskId())
                .put("version", Json.time(e.version()))
                .put("reason", e.reason())
                .put("host", host(e.place()))
                .put("slaveId", e.place().map(Instance.Place::agentId).orElse(""));
    }

    private static String deploymentType(ServiceEvent.DeploymentChanged e) {
        return switch (e.progress()) {
            case INFO -> "deployment_info";
            case STEP_SUCCESS -> "deployment_step_success";
            case STEP_FAILURE -> "deployment_step_failure";
            case SUCCESS -> "deployment_success";
            case FAILED -> "deployment_failed";
        };
    }

    private static void deployment(ServiceEvent.DeploymentChanged e, ObjectNode node) {
        DeploymentPlan plan = e.plan();
        boolean end = e.progress() == ServiceEvent.Progress.SUCCESS || e.progress() == ServiceEvent.Progress.FAILED;
        if (end) {
            node.put("id", plan.id());
        }
        ObjectNode written = node.putObject("plan").put("id", plan.id());
        ArrayNode steps = written.putArray("steps");
        plan.steps().forEach(step -> actions(steps.addObject(), step));
        written.put("version", Json.time(plan.version()));
        if (!end && e.step() < plan.steps().size()) {
            actions(node.putObject("currentStep"), plan.steps().get(e.step()));
        }
        e.reason().ifPresent(why -> node.put("reason", why));
    }

    private static void actions(ObjectNode node, DeploymentPlan.Step step) {
        ArrayNode actions = node.putArray("actions");
        step.actions().forEach(a -> actions.add(PodWriter.action(a)));
    }

    private static String condition(String state) {
        String word = state.substring("TASK_".length());
        return word.charAt(0) + word.substring(1).toLowerCase(java.util.Locale.ROOT);
    }

    private static String host(Optional<Instance.Place> place) {
        return place.map(Instance.Place::host).orElse("");
    }
}
