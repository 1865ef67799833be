package io.finback.controlplane.mesosapi;

import com.fasterxml.jackson.core.JsonGenerator;
import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.Page;
import io.finback.resources.AgentId;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** The documents of {@link LookEndpoints} but tasks: names and forms as in Mesos' own where it has the like. */
final class LookJson {
    /** Sums of a few agents, kept with their page. */
    private static final Page.Derivation<AllocationDelta.Agent, Sums> SUMS = Page.Derivation.of(LookJson::sums);

    /** Agents without an answer that are named; all are counted. */
    private static final int NAMED = 100;

    private LookJson() {}

    private record Sums(Amounts total, Amounts allocated, Amounts offered) {
        static Sums none() {
            return new Sums(new Amounts(), new Amounts(), new Amounts());
        }

        void add(Sums other) {
            var unused = List.of(total.add(other.total), allocated.add(other.allocated), offered.add(other.offered));
        }
    }

    private static Sums sums(List<AllocationDelta.Agent> agents) {
        Sums sums = Sums.none();
        agents.stream()
                .filter(AgentJson::isShown)
                .forEach(agent -> sums.add(new Sums(
                        Amounts.of(agent.total()), Amounts.of(agent.allocated()), Amounts.of(agent.offered()))));
        return sums;
    }

    /** What there is and who has it: no lists that grow with agents or tasks. */
    static Rope summary(ClusterSnapshot view) {
        Sums all = Sums.none();
        view.agents().pages().forEach(page -> all.add(page.derived(SUMS)));
        FrameworkOffers offers = FrameworkOffers.of(view);
        return JsonRope.of(to -> {
            JsonGenerator json = to.json();
            json.writeStartObject();
            all.total().write("resources", json);
            all.allocated().write("used_resources", json);
            all.offered().write("offered_resources", json);
            writeStandings(view, json);
            TaskTally tasks = new TaskTally();
            json.writeArrayFieldStart("frameworks");
            for (ClusterSnapshot.Framework framework : view.shownFrameworks()) {
                TaskTally own =
                        new TaskTally().add(TaskTally.of(framework.tasks())).add(TaskTally.of(framework.completed()));
                tasks.add(own);
                writeFramework(framework, own, offers, json);
            }
            json.writeEndArray();
            json.writeObjectFieldStart("tasks");
            tasks.writeCounters(json);
            json.writeEndObject();
            json.writeEndObject();
        });
    }

    private static void writeStandings(ClusterSnapshot view, JsonGenerator json) throws IOException {
        List<AllocationDelta.Agent> lost = view.agents().stream()
                .filter(agent -> !AgentJson.isShown(agent))
                .toList();
        json.writeObjectFieldStart("agents");
        json.writeNumberField("all", view.agents().size());
        json.writeNumberField("active", count(view, AllocationDelta.Agent::active));
        json.writeNumberField("deactivated", count(view, AllocationDelta.Agent::deactivated));
        json.writeNumberField("draining", count(view, agent -> agent.drain().isPresent()));
        json.writeNumberField("unreachable", lost.size());
        json.writeEndObject();
        json.writeArrayFieldStart("unreachable_agents");
        for (AllocationDelta.Agent agent : lost.stream().limit(NAMED).toList()) {
            json.writeStartObject();
            json.writeStringField("id", agent.spec().id().value());
            json.writeStringField("hostname", agent.spec().hostname());
            writeLost(agent, json);
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void writeLost(AllocationDelta.Agent agent, JsonGenerator json) throws IOException {
        if (agent.lostAt().isPresent()) {
            json.writeNumberField(
                    "unreachable_time", StateJson.seconds(agent.lostAt().get()));
        }
    }

    private static long count(ClusterSnapshot view, java.util.function.Predicate<AllocationDelta.Agent> wanted) {
        return view.agents().stream().filter(wanted).count();
    }

    private static void writeFramework(
            ClusterSnapshot.Framework framework, TaskTally tally, FrameworkOffers offers, JsonGenerator json)
            throws IOException {
        json.writeStartObject();
        FrameworkJson.writeFields(framework, json);
        tally.allHeld().write("used_resources", json);
        offers.sum(framework.id()).write("offered_resources", json);
        json.writeNumberField("offers", offers.to(framework.id()).size());
        json.writeNumberField("agents", tally.agents().size());
        json.writeBooleanField("torn_down", framework.tornDown());
        tally.writeCounters(json);
        json.writeEndObject();
    }

    /** Every agent, those that do not answer too; {@code id}: one, with every resource in its own form. */
    static Rope agents(ClusterSnapshot view, Query query) {
        Optional<String> only = query.text("id");
        Map<AgentId, long[]> counts = new HashMap<>();
        for (ClusterSnapshot.Framework framework : view.frameworks()) {
            for (TaskTally tally : List.of(TaskTally.of(framework.tasks()), TaskTally.of(framework.completed()))) {
                tally.agents()
                        .forEach((agent, states) ->
                                TaskTally.plus(counts.computeIfAbsent(agent, id -> TaskTally.nothing()), states));
            }
        }
        return JsonRope.of(to -> {
            JsonGenerator json = to.json();
            json.writeStartObject();
            json.writeArrayFieldStart("agents");
            for (AllocationDelta.Agent agent : view.agents()) {
                if (only.map(id -> id.equals(agent.spec().id().value())).orElse(true)) {
                    json.writeStartObject();
                    if (only.isPresent()) {
                        AgentJson.writeAll(agent, json);
                    } else {
                        AgentJson.writeFields(agent, json);
                    }
                    writeLost(agent, json);
                    TaskTally.writeCounters(counts.getOrDefault(agent.spec().id(), TaskTally.nothing()), json);
                    json.writeEndObject();
                }
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    /** Standing offers, by framework and id; {@code framework_id}: those of one. */
    static Rope offers(ClusterSnapshot view, Query query) {
        FrameworkOffers offers = FrameworkOffers.of(view);
        TreeSet<String> frameworks = new TreeSet<>();
        view.frameworks().forEach(framework -> frameworks.add(framework.id().value()));
        query.text("framework_id").ifPresent(only -> frameworks.removeIf(id -> !id.equals(only)));
        return JsonRope.of(to -> {
            JsonGenerator json = to.json();
            json.writeStartObject();
            json.writeArrayFieldStart("offers");
            for (ClusterSnapshot.Framework framework : view.frameworks()) {
                if (frameworks.contains(framework.id().value())) {
                    for (FrameworkOffers.Standing standing : offers.to(framework.id())) {
                        FrameworkJson.writeOffer(standing, json);
                    }
                }
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }
}
