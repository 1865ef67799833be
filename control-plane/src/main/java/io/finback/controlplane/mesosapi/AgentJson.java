package io.finback.controlplane.mesosapi;

import com.fasterxml.jackson.core.JsonGenerator;
import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.view.Page;
import io.finback.resources.FaultDomain;
import io.finback.resources.IsolatorReport;
import io.finback.resources.Kind;
import io.finback.resources.Resources;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/** An agent as the endpoints of Mesos show it: there it is a slave. Unreachable ones are not shown. */
final class AgentJson {
    static final Page.Derivation<AllocationDelta.Agent, Fragment> ALL = page(AgentJson::writeShort);
    static final Page.Derivation<AllocationDelta.Agent, Fragment> FULL = page(AgentJson::writeFull);

    private static final List<String> CAPABILITIES = List.of(
            "MULTI_ROLE", "HIERARCHICAL_ROLE", "RESERVATION_REFINEMENT", "AGENT_OPERATION_FEEDBACK", "AGENT_DRAINING");

    private AgentJson() {}

    static boolean isShown(AllocationDelta.Agent agent) {
        return agent.lostAt().isEmpty();
    }

    private static void writeShort(AllocationDelta.Agent agent, JsonGenerator to) throws IOException {
        to.writeStartObject();
        writeFields(agent, to);
        to.writeEndObject();
    }

    /** With every resource in its own form besides the sums. */
    static void writeFull(AllocationDelta.Agent agent, JsonGenerator to) throws IOException {
        to.writeStartObject();
        writeAll(agent, to);
        to.writeEndObject();
    }

    /** The same without the brackets. */
    static void writeAll(AllocationDelta.Agent agent, JsonGenerator to) throws IOException {
        writeFields(agent, to);
        to.writeObjectFieldStart("reserved_resources_full");
        for (String role : reservedRoles(agent.total())) {
            to.writeFieldName(role);
            ResourceJson.write(agent.total().filter(reservedTo(role)), to);
        }
        to.writeEndObject();
        to.writeFieldName("unreserved_resources_full");
        ResourceJson.write(agent.total().filter(kind -> !kind.isReserved()), to);
        to.writeFieldName("used_resources_full");
        ResourceJson.write(agent.allocated(), to);
        to.writeFieldName("offered_resources_full");
        ResourceJson.write(agent.offered(), to);
    }

    /** Everything but the brackets. */
    static void writeFields(AllocationDelta.Agent agent, JsonGenerator to) throws IOException {
        to.writeStringField("id", agent.spec().id().value());
        to.writeStringField("hostname", agent.spec().hostname());
        to.writeNumberField("port", agent.spec().httpPort());
        to.writeStringField(
                "pid",
                "slave(1)@" + agent.spec().hostname() + ":" + agent.spec().httpPort());
        to.writeNumberField("registered_time", StateJson.seconds(agent.admittedAt()));
        Amounts.of(agent.total()).write("resources", to);
        Amounts.of(agent.allocated()).write("used_resources", to);
        Amounts.of(agent.offered()).write("offered_resources", to);
        to.writeObjectFieldStart("reserved_resources");
        for (String role : reservedRoles(agent.total())) {
            new Amounts().add(agent.total(), reservedTo(role)).write(role, to);
        }
        to.writeEndObject();
        new Amounts().add(agent.total(), kind -> !kind.isReserved()).write("unreserved_resources", to);
        to.writeObjectFieldStart("attributes");
        for (Map.Entry<String, String> attribute : new TreeMap<>(agent.spec().attributes()).entrySet()) {
            to.writeStringField(attribute.getKey(), attribute.getValue());
        }
        to.writeEndObject();
        to.writeBooleanField("active", agent.active());
        to.writeBooleanField("deactivated", agent.deactivated());
        writeDrain(agent, to);
        to.writeStringField("version", agent.spec().version());
        to.writeArrayFieldStart("capabilities");
        for (String capability : CAPABILITIES) {
            to.writeString(capability);
        }
        to.writeEndArray();
        writeDomain(agent.spec().domain(), to);
        writeIsolators(agent.spec().isolators(), to);
    }

    /** Ours: Mesos' masters do not know. */
    private static void writeIsolators(IsolatorReport isolators, JsonGenerator to) throws IOException {
        if (!isolators.isKnown()) {
            return;
        }
        to.writeObjectFieldStart("isolators");
        to.writeStringField("on", String.join(",", isolators.on()));
        to.writeObjectFieldStart("off");
        for (Map.Entry<String, String> off : new TreeMap<>(isolators.off()).entrySet()) {
            to.writeStringField(off.getKey(), off.getValue());
        }
        to.writeEndObject();
        to.writeEndObject();
    }

    private static void writeDrain(AllocationDelta.Agent agent, JsonGenerator to) throws IOException {
        if (agent.drain().isEmpty()) {
            return;
        }
        AllocationDelta.Drain drain = agent.drain().get();
        to.writeObjectFieldStart("drain_info");
        to.writeStringField("state", drain.drained() ? "DRAINED" : "DRAINING");
        to.writeObjectFieldStart("config");
        if (drain.maxGrace().isPresent()) {
            to.writeObjectFieldStart("max_grace_period");
            to.writeNumberField("nanoseconds", drain.maxGrace().get().toNanos());
            to.writeEndObject();
        }
        to.writeBooleanField("mark_gone", drain.markGone());
        to.writeEndObject();
        to.writeEndObject();
        to.writeNumberField("estimated_drain_start_time_seconds", StateJson.seconds(drain.since()));
    }

    private static void writeDomain(Optional<FaultDomain> domain, JsonGenerator to) throws IOException {
        if (domain.isEmpty()) {
            return;
        }
        to.writeObjectFieldStart("domain");
        to.writeObjectFieldStart("fault_domain");
        to.writeObjectFieldStart("region");
        to.writeStringField("name", domain.get().region());
        to.writeEndObject();
        to.writeObjectFieldStart("zone");
        to.writeStringField("name", domain.get().zone());
        to.writeEndObject();
        to.writeEndObject();
        to.writeEndObject();
    }

    static Set<String> reservedRoles(Resources resources) {
        Set<String> roles = new TreeSet<>();
        resources.special().forEach(special -> special.kind().reservedTo().ifPresent(roles::add));
        return roles;
    }

    private static Predicate<Kind> reservedTo(String role) {
        return kind -> kind.reservedTo().equals(Optional.of(role));
    }

    private static Page.Derivation<AllocationDelta.Agent, Fragment> page(
            JsonRope.ValueWriter<AllocationDelta.Agent> writer) {
        return Page.Derivation.of(agents ->
                JsonRope.elements(agents.stream().filter(AgentJson::isShown).toList(), writer));
    }
}
