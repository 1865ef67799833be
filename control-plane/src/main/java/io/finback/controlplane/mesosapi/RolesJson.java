package io.finback.controlplane.mesosapi;

import com.fasterxml.jackson.core.JsonGenerator;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.view.ClusterSnapshot;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** {@code /roles}: every role somebody has, holds something for, or said something of. */
final class RolesJson {
    private RolesJson() {}

    static Rope roles(ClusterSnapshot view) {
        RoleTally tally = RoleTally.of(view);
        Map<String, Set<String>> frameworks = new TreeMap<>();
        tally.roles().forEach(role -> frameworks.put(role, new TreeSet<>()));
        for (ClusterSnapshot.Framework framework : view.frameworks()) {
            if (!framework.tornDown()) {
                framework.info().map(FrameworkInfo::roles).orElse(List.of()).forEach(role -> frameworks
                        .computeIfAbsent(role, name -> new TreeSet<>())
                        .add(framework.id().value()));
            }
        }
        return JsonRope.of(to -> {
            to.json().writeStartObject();
            to.json().writeArrayFieldStart("roles");
            for (Map.Entry<String, Set<String>> role : frameworks.entrySet()) {
                write(role.getKey(), role.getValue(), tally, to.json());
            }
            to.json().writeEndArray();
            to.json().writeEndObject();
        });
    }

    private static void write(String role, Set<String> frameworks, RoleTally tally, JsonGenerator json)
            throws IOException {
        json.writeStartObject();
        json.writeStringField("name", role);
        json.writeNumberField("weight", 1.0);
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
}
