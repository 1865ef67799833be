package io.finback.controlplane.mesosapi;

import com.fasterxml.jackson.core.JsonGenerator;
import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.security.Action;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The documents of the cluster API. Field names and forms as Mesos has them: {@code slave}, seconds as fractions, ports as text. */
final class StateJson {
    private StateJson() {}

    static Rope state(Look look, MasterIdentity self, Map<String, String> flags) {
        ClusterSnapshot view = look.shown();
        return JsonRope.of(to -> {
            JsonGenerator json = to.json();
            json.writeStartObject();
            writeSelf(view, self, json);
            if (look.sight().sees(Action.VIEW_FLAGS, "")) {
                writeFlags(flags, json);
            }
            to.list("slaves", view.agents(), AgentJson.ALL);
            writeFrameworks(view, Optional.empty(), to);
            writeEmpty(json, "recovered_slaves", "orphan_tasks", "unregistered_frameworks");
            json.writeEndObject();
        });
    }

    static Rope slaves(ClusterSnapshot view, Optional<String> only) {
        return JsonRope.of(to -> {
            to.json().writeStartObject();
            if (only.isPresent()) {
                to.list(
                        "slaves",
                        view.agents().stream()
                                .filter(AgentJson::isShown)
                                .filter(agent -> agent.spec().id().value().equals(only.get()))
                                .toList(),
                        AgentJson::writeFull);
            } else {
                to.list("slaves", view.agents(), AgentJson.FULL);
            }
            writeEmpty(to.json(), "recovered_slaves");
            to.json().writeEndObject();
        });
    }

    static Rope frameworks(ClusterSnapshot view, Optional<String> only) {
        return JsonRope.of(to -> {
            to.json().writeStartObject();
            writeFrameworks(view, only, to);
            writeEmpty(to.json(), "unregistered_frameworks");
            to.json().writeEndObject();
        });
    }

    /** Which tasks {@code /tasks} shows. */
    record TaskFilter(int limit, int offset, boolean ascending, Optional<String> framework, Optional<String> task) {}

    /** By the time of their latest status, ended ones included. */
    static Rope tasks(ClusterSnapshot view, TaskFilter filter) {
        List<FrameworkDelta.Task> wanted = new ArrayList<>();
        for (ClusterSnapshot.Framework framework : view.frameworks()) {
            if (filter.framework().map(id -> id.equals(framework.id().value())).orElse(true)) {
                framework.tasks().stream()
                        .filter(task -> isWanted(task, filter))
                        .forEach(wanted::add);
                framework.completed().stream()
                        .filter(task -> isWanted(task, filter))
                        .forEach(wanted::add);
            }
        }
        Comparator<FrameworkDelta.Task> byTime =
                Comparator.comparing(task -> task.status().at());
        wanted.sort(filter.ascending() ? byTime : byTime.reversed());
        List<FrameworkDelta.Task> shown =
                wanted.stream().skip(filter.offset()).limit(filter.limit()).toList();
        return JsonRope.of(to -> {
            to.json().writeStartObject();
            to.list("tasks", shown, TaskJson::write);
            to.json().writeEndObject();
        });
    }

    private static boolean isWanted(FrameworkDelta.Task task, TaskFilter filter) {
        return filter.task().map(id -> id.equals(task.id().value())).orElse(true);
    }

    static Rope summary(ClusterSnapshot view, MasterIdentity self) {
        Map<AgentId, long[]> counts = new HashMap<>();
        Map<AgentId, Set<String>> frameworks = new HashMap<>();
        FrameworkOffers offers = FrameworkOffers.of(view);
        Map<FrameworkId, TaskTally> tallies = new HashMap<>();
        for (ClusterSnapshot.Framework framework : view.frameworks()) {
            TaskTally tally =
                    new TaskTally().add(TaskTally.of(framework.tasks())).add(TaskTally.of(framework.completed()));
            tallies.put(framework.id(), tally);
            tally.agents().forEach((agent, states) -> {
                TaskTally.plus(counts.computeIfAbsent(agent, id -> TaskTally.nothing()), states);
                frameworks
                        .computeIfAbsent(agent, id -> new TreeSet<>())
                        .add(framework.id().value());
            });
        }
        return JsonRope.of(to -> {
            JsonGenerator json = to.json();
            json.writeStartObject();
            json.writeStringField("hostname", self.host());
            json.writeArrayFieldStart("slaves");
            for (AllocationDelta.Agent agent : view.agents()) {
                if (AgentJson.isShown(agent)) {
                    AgentId id = agent.spec().id();
                    json.writeStartObject();
                    AgentJson.writeFields(agent, json);
                    TaskTally.writeCounters(counts.getOrDefault(id, TaskTally.nothing()), json);
                    writeIds("framework_ids", frameworks.getOrDefault(id, Set.of()), json);
                    json.writeEndObject();
                }
            }
            json.writeEndArray();
            json.writeArrayFieldStart("frameworks");
            for (ClusterSnapshot.Framework framework : view.frameworks()) {
                if (!framework.tornDown()) {
                    writeSummary(framework, tallies.getOrDefault(framework.id(), new TaskTally()), offers, json);
                }
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    private static void writeSummary(
            ClusterSnapshot.Framework framework, TaskTally tally, FrameworkOffers offers, JsonGenerator json)
            throws IOException {
        json.writeStartObject();
        json.writeStringField("id", framework.id().value());
        json.writeStringField("name", framework.info().map(FrameworkInfo::name).orElse(""));
        tally.allHeld().write("used_resources", json);
        offers.sum(framework.id()).write("offered_resources", json);
        FrameworkJson.writeCapabilities(framework.info(), json);
        json.writeStringField(
                "hostname", framework.info().flatMap(FrameworkInfo::hostname).orElse(""));
        json.writeStringField(
                "webui_url", framework.info().flatMap(FrameworkInfo::webuiUrl).orElse(""));
        FrameworkJson.writeStanding(framework, json);
        tally.writeCounters(json);
        Set<String> slaves = new TreeSet<>();
        tally.agents().keySet().forEach(id -> slaves.add(id.value()));
        writeIds("slave_ids", slaves, json);
        json.writeEndObject();
    }

    private static void writeSelf(ClusterSnapshot view, MasterIdentity self, JsonGenerator json) throws IOException {
        long unreachable = view.agents().stream()
                .filter(agent -> !AgentJson.isShown(agent))
                .count();
        long active =
                view.agents().stream().filter(AllocationDelta.Agent::active).count();
        json.writeStringField("version", self.version());
        json.writeStringField("id", self.id());
        json.writeStringField("pid", "master@" + self.address());
        json.writeStringField("hostname", self.host());
        json.writeNumberField("start_time", seconds(self.startedAt()));
        json.writeNumberField("elected_time", seconds(self.startedAt()));
        json.writeNumberField("activated_slaves", active);
        json.writeNumberField("deactivated_slaves", view.agents().size() - active - unreachable);
        json.writeNumberField("unreachable_slaves", unreachable);
        json.writeStringField("leader", "master@" + self.address());
        json.writeObjectFieldStart("leader_info");
        json.writeStringField("id", self.id());
        json.writeStringField("pid", "master@" + self.address());
        json.writeNumberField("port", self.port());
        json.writeStringField("hostname", self.host());
        json.writeEndObject();
        json.writeArrayFieldStart("capabilities");
        for (String capability : List.of("AGENT_UPDATE", "AGENT_DRAINING", "QUOTA_V2")) {
            json.writeString(capability);
        }
        json.writeEndArray();
    }

    static void writeFlags(Map<String, String> flags, JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("flags");
        for (Map.Entry<String, String> flag : flags.entrySet()) {
            json.writeStringField(flag.getKey(), flag.getValue());
        }
        json.writeEndObject();
    }

    private static void writeFrameworks(ClusterSnapshot view, Optional<String> only, JsonRope to) throws IOException {
        FrameworkOffers offers = FrameworkOffers.of(view);
        for (boolean tornDown : new boolean[] {false, true}) {
            to.json().writeArrayFieldStart(tornDown ? "completed_frameworks" : "frameworks");
            for (ClusterSnapshot.Framework framework : view.shownFrameworks()) {
                boolean wanted =
                        only.map(id -> id.equals(framework.id().value())).orElse(true);
                if (wanted && framework.tornDown() == tornDown) {
                    FrameworkJson.write(framework, offers, to);
                }
            }
            to.json().writeEndArray();
        }
    }

    private static void writeIds(String name, Set<String> ids, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart(name);
        for (String id : ids) {
            json.writeString(id);
        }
        json.writeEndArray();
    }

    private static void writeEmpty(JsonGenerator json, String... names) throws IOException {
        for (String name : names) {
            json.writeArrayFieldStart(name);
            json.writeEndArray();
        }
    }

    static double seconds(Instant at) {
        return at.toEpochMilli() / 1000.0;
    }
}
