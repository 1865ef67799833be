package io.finback.controlplane.mesosapi;

import com.fasterxml.jackson.core.JsonGenerator;
import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.allocator.Quota;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.view.ClusterSnapshot;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** {@code /roles}: every role somebody has, holds something for, or said something of. */
final class RolesJson {
    private RolesJson() {}

    /** Sums are those of everybody in a role that is shown. */
    static Rope roles(Look look) {
        RoleTally tally = RoleTally.of(look.whole());
        ClusterSnapshot view = look.shown();
        Map<String, Set<String>> frameworks = frameworks(look, tally);
        return JsonRope.of(to -> {
            to.json().writeStartObject();
            to.json().writeArrayFieldStart("roles");
            for (Map.Entry<String, Set<String>> role : frameworks.entrySet()) {
                write(role.getKey(), role.getValue(), tally, view.pool(), to.json());
            }
            to.json().writeEndArray();
            to.json().writeEndObject();
        });
    }

    /** Every role, and the frameworks that have it. */
    static Map<String, Set<String>> frameworks(Look look, RoleTally tally) {
        ClusterSnapshot view = look.shown();
        Map<String, Set<String>> frameworks = new TreeMap<>();
        tally.roles().forEach(role -> frameworks.put(role, new TreeSet<>()));
        view.pool().weights().keySet().forEach(role -> frameworks.put(role, new TreeSet<>()));
        view.pool().quotas().forEach(quota -> frameworks.put(quota.role(), new TreeSet<>()));
        for (ClusterSnapshot.Framework framework : view.frameworks()) {
            if (!framework.tornDown()) {
                framework.info().map(FrameworkInfo::roles).orElse(List.of()).forEach(role -> frameworks
                        .computeIfAbsent(role, name -> new TreeSet<>())
                        .add(framework.id().value()));
            }
        }
        frameworks.keySet().removeIf(role -> !look.seesRole(role));
        return frameworks;
    }

    private static void write(
            String role, Set<String> frameworks, RoleTally tally, AllocationDelta.Pool pool, JsonGenerator json)
            throws IOException {
        json.writeStartObject();
        json.writeStringField("name", role);
        json.writeNumberField("weight", pool.weights().getOrDefault(role, 1.0));
        for (Quota quota : pool.quotas()) {
            if (quota.role().equals(role)) {
                json.writeObjectFieldStart("quota");
                json.writeStringField("role", role);
                writeAmounts("guarantee", quota.guarantees(), json);
                writeAmounts("limit", quota.limits(), json);
                tally.consumed(role).write("consumed", json);
                json.writeEndObject();
            }
        }
        new Amounts().add(tally.allocated(role)).add(tally.offered(role)).write("resources", json);
        tally.allocated(role).write("allocated", json);
        tally.offered(role).write("offered", json);
        tally.reserved(role).write("reserved", json);
        json.writeArrayFieldStart("frameworks");
        for (String framework : frameworks) {
            json.writeString(framework);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void writeAmounts(String name, SortedMap<String, Long> milli, JsonGenerator json)
            throws IOException {
        json.writeObjectFieldStart(name);
        for (Map.Entry<String, Long> amount : milli.entrySet()) {
            json.writeNumberField(amount.getKey(), amount.getValue() / 1000.0);
        }
        json.writeEndObject();
    }
}
