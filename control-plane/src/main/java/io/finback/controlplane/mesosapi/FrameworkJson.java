package io.finback.controlplane.mesosapi;

import com.fasterxml.jackson.core.JsonGenerator;
import io.finback.controlplane.allocator.Capability;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.Page;
import io.finback.mesos.v1.JsonWriter;
import io.finback.tasks.ExecutorInfo;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** A framework as the endpoints of Mesos show it. */
final class FrameworkJson {
    private static final Page.Derivation<FrameworkDelta.Task, Fragment> EXECUTORS =
            JsonRope.page(FrameworkJson::writeExecutor);

    private FrameworkJson() {}

    static void write(ClusterSnapshot.Framework framework, FrameworkOffers offers, JsonRope to) throws IOException {
        JsonGenerator json = to.json();
        json.writeStartObject();
        writeFields(framework, json);
        Amounts used = TaskTally.of(framework.tasks())
                .allHeld()
                .add(TaskTally.of(framework.executors()).allHeld());
        Amounts offered = offers.sum(framework.id());
        used.write("used_resources", json);
        offered.write("offered_resources", json);
        new Amounts().add(used).add(offered).write("resources", json);
        to.list("tasks", framework.tasks(), TaskJson.REACHABLE);
        to.list("unreachable_tasks", framework.tasks(), TaskJson.UNREACHABLE);
        to.list("completed_tasks", framework.completed(), TaskJson.COMPLETED);
        to.list("offers", offers.to(framework.id()), FrameworkJson::writeOffer);
        to.list("executors", framework.executors(), EXECUTORS);
        json.writeArrayFieldStart("completed_executors");
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void writeExecutor(FrameworkDelta.Task run, JsonGenerator json) throws IOException {
        if (run.executor().isEmpty()) {
            return;
        }
        ExecutorInfo executor = run.executor().get();
        json.writeStartObject();
        json.writeStringField("executor_id", executor.id());
        json.writeStringField("name", executor.name());
        json.writeStringField("framework_id", run.status().framework().value());
        json.writeStringField("source", executor.source().orElse(""));
        json.writeStringField("slave_id", run.agent().value());
        json.writeStringField("type", executor.type().name());
        Amounts.of(run.resources()).write("resources", json);
        json.writeEndObject();
    }

    static void writeOffer(FrameworkOffers.Standing standing, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("id", standing.offer().id().value());
        json.writeStringField("framework_id", standing.offer().framework().value());
        json.writeObjectFieldStart("allocation_info");
        json.writeStringField("role", standing.offer().role());
        json.writeEndObject();
        json.writeStringField("slave_id", standing.agent().spec().id().value());
        Amounts.of(standing.offer().resources()).write("resources", json);
        json.writeEndObject();
    }

    /** What is known without its tasks. */
    static void writeFields(ClusterSnapshot.Framework framework, JsonGenerator json) throws IOException {
        Optional<FrameworkInfo> info = framework.info();
        json.writeStringField("id", framework.id().value());
        json.writeStringField("name", info.map(FrameworkInfo::name).orElse(""));
        json.writeStringField("user", info.map(FrameworkInfo::user).orElse(""));
        json.writeStringField("principal", info.map(FrameworkInfo::principal).orElse(""));
        json.writeStringField("hostname", info.flatMap(FrameworkInfo::hostname).orElse(""));
        json.writeStringField("webui_url", info.flatMap(FrameworkInfo::webuiUrl).orElse(""));
        json.writeNumberField(
                "failover_timeout",
                info.map(known -> known.failoverTimeout().toMillis() / 1000.0).orElse(0.0));
        json.writeBooleanField("checkpoint", info.map(FrameworkInfo::checkpoint).orElse(false));
        double registered = framework.registeredAt().map(StateJson::seconds).orElse(0.0);
        json.writeNumberField("registered_time", registered);
        if (framework.reregisteredAt().isPresent()) {
            json.writeNumberField(
                    "reregistered_time",
                    StateJson.seconds(framework.reregisteredAt().get()));
        }
        json.writeNumberField(
                "unregistered_time",
                framework.removedAt().map(StateJson::seconds).orElse(0.0));
        writeStanding(framework, json);
        writeCapabilities(info, json);
        json.writeArrayFieldStart("roles");
        for (String role : info.map(FrameworkInfo::roles).orElse(List.of())) {
            json.writeString(role);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("suppressed_roles");
        for (String role : new TreeSet<>(framework.suppressed())) {
            json.writeString(role);
        }
        json.writeEndArray();
        if (info.isPresent() && !info.get().labels().isEmpty()) {
            TaskJson.writeLabels(info.get().labels(), json);
        }
        if (!framework.constraints().isEmpty()) {
            json.writeFieldName("offer_constraints");
            JsonWriter.write(ViewMessages.constraints(framework.constraints()), json);
        }
    }

    static void writeStanding(ClusterSnapshot.Framework framework, JsonGenerator json) throws IOException {
        boolean live = framework.connected() && !framework.tornDown();
        json.writeBooleanField("active", live);
        json.writeBooleanField("connected", live);
        json.writeBooleanField("recovered", framework.info().isEmpty());
    }

    static void writeCapabilities(Optional<FrameworkInfo> info, JsonGenerator json) throws IOException {
        Set<String> names = new TreeSet<>();
        info.map(FrameworkInfo::capabilities)
                .orElse(Set.of())
                .forEach((Capability capability) -> names.add(capability.name()));
        json.writeArrayFieldStart("capabilities");
        for (String name : names) {
            json.writeString(name);
        }
        json.writeEndArray();
    }
}
