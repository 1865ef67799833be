package io.finback.controlplane.schedule;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which job waits for which, and how far each has come. A child with one parent is called at its every success; one with several when its
 * slowest parent has succeeded since the last call. Source: Chronos' JobGraph, JobScheduler.
 *
 * @param edges by child
 * @param heard by parent, the last success counted; only of those that have children
 * @param calls by child, in order, until it has taken them
 * @param called the number of the last call to anybody
 */
public record JobGraph(
        Map<String, List<Edge>> edges, Map<String, Long> heard, Map<String, List<Call>> calls, long called) {
    public static final JobGraph EMPTY = new JobGraph(Map.of(), Map.of(), Map.of(), 0);
    /** Calls that wait for one child; it takes them within moments, so more means it is gone. */
    private static final int MAX_CALLS = 1000;

    public JobGraph {
        edges = Collections.unmodifiableMap(new TreeMap<>(edges));
        heard = Collections.unmodifiableMap(new TreeMap<>(heard));
        calls = Collections.unmodifiableMap(new TreeMap<>(calls));
    }

    /** {@code count}: successes of the parent since the child was last called; earlier ones than {@code since} do not count. */
    public record Edge(String parent, Instant since, long count) {}

    /** A child shall run; {@code at} is when the last parent succeeded. Numbers rise, over all children. */
    public record Call(long number, Instant at) {}

    /** Would {@code child} come to wait for itself? Tells the way round. O(edges). */
    public Optional<List<String>> circle(String child, List<String> parents) {
        Map<String, String> from = new TreeMap<>();
        Deque<String> open = new ArrayDeque<>();
        for (String parent : parents) {
            if (from.putIfAbsent(parent, child) == null) {
                open.add(parent);
            }
        }
        Set<String> seen = new HashSet<>();
        while (!open.isEmpty()) {
            String job = open.remove();
            if (job.equals(child)) {
                return Optional.of(way(child, from));
            }
            if (seen.add(job)) {
                for (Edge edge : edges.getOrDefault(job, List.of())) {
                    from.putIfAbsent(edge.parent(), job);
                    open.add(edge.parent());
                }
            }
        }
        return Optional.empty();
    }

    private static List<String> way(String child, Map<String, String> from) {
        List<String> way = new ArrayList<>(List.of(child));
        String at = from.getOrDefault(child, child);
        while (!at.equals(child)) {
            way.add(at);
            at = from.getOrDefault(at, child);
        }
        way.add(child);
        return way;
    }

    public List<String> parents(String child) {
        return edges.getOrDefault(child, List.of()).stream().map(Edge::parent).toList();
    }

    public List<String> children(String parent) {
        return edges.entrySet().stream()
                .filter(e ->
                        e.getValue().stream().anyMatch(edge -> edge.parent().equals(parent)))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Makes {@code child} wait for {@code parents} alone; none: for nobody. Edges that stay keep their count. Empty: nothing to change. */
    public List<GraphEvent> link(String child, List<String> parents, Instant now) {
        List<String> wanted = parents.stream().distinct().toList();
        return wanted.equals(parents(child)) ? List.of() : List.of(new GraphEvent.Linked(child, wanted, now));
    }

    /** A parent's success; one that was heard before, or that nobody waits for, changes nothing. */
    public List<GraphEvent> succeeded(String parent, long number, Instant at) {
        List<String> waiting = children(parent);
        if (waiting.isEmpty() || number <= heard.getOrDefault(parent, Long.MIN_VALUE)) {
            return List.of();
        }
        List<String> fired = new ArrayList<>();
        for (String child : waiting) {
            List<Edge> counted = counted(edges.getOrDefault(child, List.of()), parent, at);
            long mine = counted.stream()
                    .filter(e -> e.parent().equals(parent))
                    .mapToLong(Edge::count)
                    .sum();
            long least = counted.stream().mapToLong(Edge::count).min().orElse(0);
            if (mine > 0 && mine == least) {
                fired.add(child);
            }
        }
        return List.of(new GraphEvent.Succeeded(parent, number, at, fired));
    }

    public List<GraphEvent> taken(String child, long number) {
        boolean open = calls.getOrDefault(child, List.of()).stream().anyMatch(c -> c.number() <= number);
        return open ? List.of(new GraphEvent.CallTaken(child, number)) : List.of();
    }

    JobGraph linked(String child, List<String> parents, Instant at) {
        Map<String, List<Edge>> all = new TreeMap<>(edges);
        Map<String, Edge> old = new TreeMap<>();
        edges.getOrDefault(child, List.of()).forEach(e -> old.put(e.parent(), e));
        if (parents.isEmpty()) {
            all.remove(child);
        } else {
            all.put(
                    child,
                    parents.stream()
                            .map(p -> old.getOrDefault(p, new Edge(p, at, 0)))
                            .toList());
        }
        Map<String, List<Call>> open = new TreeMap<>(calls);
        if (parents.isEmpty()) {
            open.remove(child);
        }
        JobGraph next = new JobGraph(all, heard, open, called);
        Map<String, Long> known = new TreeMap<>(heard);
        known.keySet().removeIf(parent -> next.children(parent).isEmpty());
        return new JobGraph(all, known, open, called);
    }

    JobGraph counted(String parent, long number, Instant at, List<String> fired) {
        Map<String, List<Edge>> all = new TreeMap<>(edges);
        for (String child : children(parent)) {
            List<Edge> counted = counted(all.getOrDefault(child, List.of()), parent, at);
            all.put(
                    child,
                    fired.contains(child)
                            ? counted.stream()
                                    .map(e -> new Edge(e.parent(), e.since(), 0))
                                    .toList()
                            : counted);
        }
        Map<String, Long> known = new TreeMap<>(heard);
        known.put(parent, number);
        Map<String, List<Call>> open = new TreeMap<>(calls);
        long last = called;
        for (String child : fired) {
            List<Call> more = new ArrayList<>(open.getOrDefault(child, List.of()));
            if (more.size() < MAX_CALLS) {
                more.add(new Call(++last, at));
            }
            open.put(child, List.copyOf(more));
        }
        return new JobGraph(all, known, open, last);
    }

    JobGraph withoutCalls(String child, long upTo) {
        Map<String, List<Call>> open = new TreeMap<>(calls);
        open.computeIfPresent(child, (c, list) -> {
            List<Call> rest = list.stream().filter(call -> call.number() > upTo).toList();
            return rest.isEmpty() ? null : rest;
        });
        return new JobGraph(edges, heard, open, called);
    }

    private static List<Edge> counted(List<Edge> list, String parent, Instant at) {
        return list.stream()
                .map(e -> e.parent().equals(parent) && !at.isBefore(e.since())
                        ? new Edge(parent, e.since(), e.count() + 1)
                        : e)
                .toList();
    }
}
