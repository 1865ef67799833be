package io.finback.controlplane.mesosapi;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.Pages;
import io.finback.resources.AgentId;
import io.finback.tasks.TaskState;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Tasks that match, ended ones included, a page at a time, and how many there are in each state. Costs a look at every task and memory for what
 * comes up to the page alone.
 *
 * @param states wire names; empty: all
 * @param search some part of id, name, role or host, in any case
 */
record TaskSearch(
        int limit,
        int offset,
        boolean ascending,
        Optional<String> framework,
        Optional<String> agent,
        Optional<String> task,
        Set<String> states,
        String search) {
    private static final Set<String> STATES =
            Arrays.stream(TaskState.values()).map(TaskState::wireName).collect(Collectors.toUnmodifiableSet());
    private static final int DEFAULT_LIMIT = 100;
    private static final int MAX_LIMIT = 1000;

    /** Further into the list one gets by searching: a page costs what comes before it. */
    private static final int MAX_OFFSET = 100_000;

    TaskSearch {
        states = Set.copyOf(states);
    }

    static TaskSearch of(Query query) {
        int limit = query.number("limit", DEFAULT_LIMIT);
        int offset = query.number("offset", 0);
        if (limit > MAX_LIMIT || offset > MAX_OFFSET) {
            throw ApiFailure.badRequest("limit: " + limit + ", offset: " + offset + " (expected: at most " + MAX_LIMIT
                    + " and " + MAX_OFFSET + "; search for something to see less)");
        }
        Set<String> states = query.text("state")
                .map(names -> Set.copyOf(List.of(names.split(",", -1))))
                .orElse(Set.of());
        for (String state : states) {
            if (!STATES.contains(state)) {
                throw ApiFailure.badRequest("state: " + state + " (expected: names such as TASK_RUNNING, with commas)");
            }
        }
        return new TaskSearch(
                limit,
                offset,
                query.oneOf("order", "des", "asc", "des").equals("asc"),
                query.text("framework_id"),
                query.text("agent_id"),
                query.text("task_id"),
                states,
                query.text("search").orElse("").toLowerCase(Locale.ROOT));
    }

    Rope answer(ClusterSnapshot view) {
        Map<AgentId, String> hosts = new HashMap<>();
        for (AllocationDelta.Agent each : view.agents()) {
            hosts.put(each.spec().id(), each.spec().hostname());
        }
        Comparator<FrameworkDelta.Task> byTime = Comparator.comparing(
                        (FrameworkDelta.Task each) -> each.status().at())
                .thenComparing(each -> each.id().value());
        Comparator<FrameworkDelta.Task> order = ascending ? byTime : byTime.reversed();
        // The last of what is kept is on top, to be pushed out by what comes before it.
        PriorityQueue<FrameworkDelta.Task> kept = new PriorityQueue<>(order.reversed());
        Map<TaskState, Long> counts = new HashMap<>();
        long[] total = {0};
        Predicate<FrameworkDelta.Task> wanted = wanted(hosts);
        for (ClusterSnapshot.Framework each : view.frameworks()) {
            if (framework.map(id -> id.equals(each.id().value())).orElse(true)) {
                for (Pages<FrameworkDelta.Task> tasks : List.of(each.tasks(), each.completed())) {
                    tasks.stream().filter(wanted).forEach(found -> {
                        TaskState state = found.status().state();
                        counts.merge(state, 1L, Long::sum);
                        if (states.isEmpty() || states.contains(state.wireName())) {
                            total[0]++;
                            keep(found, kept);
                        }
                    });
                }
            }
        }
        List<FrameworkDelta.Task> shown =
                kept.stream().sorted(order).skip(offset).toList();
        return write(shown, total[0], counts, hosts);
    }

    private void keep(FrameworkDelta.Task found, PriorityQueue<FrameworkDelta.Task> kept) {
        kept.add(found);
        if (kept.size() > offset + limit) {
            var unused = kept.poll();
        }
    }

    private Predicate<FrameworkDelta.Task> wanted(Map<AgentId, String> hosts) {
        return found -> agent.map(id -> id.equals(found.agent().value())).orElse(true)
                && task.map(id -> id.equals(found.id().value())).orElse(true)
                && (search.isEmpty()
                        || contains(found.id().value())
                        || contains(found.name())
                        || contains(found.role())
                        || contains(hosts.getOrDefault(found.agent(), "")));
    }

    private boolean contains(String text) {
        return text.toLowerCase(Locale.ROOT).contains(search);
    }

    private static Rope write(
            List<FrameworkDelta.Task> shown, long total, Map<TaskState, Long> counts, Map<AgentId, String> hosts) {
        Map<String, String> named = new LinkedHashMap<>();
        shown.forEach(each -> named.put(
                each.agent().value(),
                hosts.getOrDefault(each.agent(), each.agent().value())));
        return JsonRope.of(to -> {
            to.json().writeStartObject();
            to.json().writeNumberField("total", total);
            to.json().writeObjectFieldStart("states");
            for (TaskState state : TaskState.values()) {
                if (counts.containsKey(state)) {
                    to.json().writeNumberField(state.wireName(), counts.getOrDefault(state, 0L));
                }
            }
            to.json().writeEndObject();
            to.list("tasks", shown, TaskJson::write);
            to.json().writeObjectFieldStart("hosts");
            for (Map.Entry<String, String> host : named.entrySet()) {
                to.json().writeStringField(host.getKey(), host.getValue());
            }
            to.json().writeEndObject();
            to.json().writeEndObject();
        });
    }
}
