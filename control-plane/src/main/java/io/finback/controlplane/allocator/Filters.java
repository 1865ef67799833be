package io.finback.controlplane.allocator;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * What frameworks do not want to see for a while: per framework and agent the resources it refused. An offer that holds more than
 * was refused passes. At most one filter per framework and agent: the newest.
 */
final class Filters {
    private record Filter(Resources refused, Instant until) {}

    private record End(Instant at, FrameworkId framework, AgentId agent) {}

    private final Map<FrameworkId, Map<AgentId, Filter>> filters = new HashMap<>();
    private PriorityQueue<End> ends = newQueue();
    private int size;

    void add(FrameworkId framework, AgentId agent, Resources refused, Instant until) {
        Map<AgentId, Filter> mine = filters.computeIfAbsent(framework, id -> new HashMap<>());
        if (mine.put(agent, new Filter(refused, until)) == null) {
            size++;
        }
        ends.add(new End(until, framework, agent));
        // Replaced and revived filters leave their ends behind; they must not pile up.
        if (ends.size() > 2 * size + 1000) {
            rebuild();
        }
    }

    boolean blocks(FrameworkId framework, AgentId agent, Resources free) {
        Map<AgentId, Filter> mine = filters.get(framework);
        Filter filter = mine == null ? null : mine.get(agent);
        return filter != null && filter.refused().contains(free);
    }

    void removeAll(FrameworkId framework) {
        Map<AgentId, Filter> mine = filters.remove(framework);
        size -= mine == null ? 0 : mine.size();
    }

    /** Ends what is due and returns the agents it concerned. */
    Set<AgentId> expire(Instant now) {
        Set<AgentId> freed = new HashSet<>();
        for (End end = ends.peek(); end != null && !end.at().isAfter(now); end = ends.peek()) {
            ends.remove();
            Map<AgentId, Filter> mine = filters.get(end.framework());
            Filter filter = mine == null ? null : mine.get(end.agent());
            if (mine != null && filter != null && filter.until().equals(end.at())) {
                mine.remove(end.agent());
                size--;
                freed.add(end.agent());
            }
        }
        return freed;
    }

    Optional<Instant> nextEnd() {
        return Optional.ofNullable(ends.peek()).map(End::at);
    }

    private void rebuild() {
        List<End> live = new ArrayList<>(size);
        filters.forEach((framework, mine) ->
                mine.forEach((agent, filter) -> live.add(new End(filter.until(), framework, agent))));
        ends = newQueue();
        ends.addAll(live);
    }

    private static PriorityQueue<End> newQueue() {
        return new PriorityQueue<>(Comparator.comparing(End::at));
    }
}
