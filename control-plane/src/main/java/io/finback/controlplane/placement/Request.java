package io.finback.controlplane.placement;

import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Equal instances of one app that wait for a place.
 *
 * @param group the app or job they belong to; one request for each
 * @param each what one instance needs besides ports: cpus, mem, disk, gpus
 * @param ports one entry per host port: with {@code exactPorts} the very number, 0 for any
 * @param waiting task ids, the first is placed first
 * @param placed where other instances of the group stand
 * @param priority the higher one is placed first; among equals all take turns
 * @param role whose offers and reservations they use
 * @param accepted resource roles that may be used: {@code *}, the role, or both; empty: both
 */
public record Request(
        String group,
        Resources each,
        List<Integer> ports,
        boolean exactPorts,
        List<Rule> rules,
        List<String> waiting,
        List<Spot> placed,
        int priority,
        String role,
        Set<String> accepted) {
    public Request {
        ports = List.copyOf(ports);
        rules = List.copyOf(rules);
        waiting = List.copyOf(waiting);
        placed = List.copyOf(placed);
        accepted = Set.copyOf(accepted);
    }

    /** Of role {@code *} and of no priority. */
    public Request(
            String group,
            Resources each,
            List<Integer> ports,
            boolean exactPorts,
            List<Rule> rules,
            List<String> waiting,
            List<Spot> placed) {
        this(group, each, ports, exactPorts, rules, waiting, placed, 0, "*", Set.of());
    }

    Request withWaiting(List<String> some) {
        return new Request(group, each, ports, exactPorts, rules, some, placed, priority, role, accepted);
    }

    Request rest(List<String> left, List<Spot> placedSince) {
        List<Spot> all = new ArrayList<>(placed);
        all.addAll(placedSince);
        return new Request(group, each, ports, exactPorts, rules, left, all, priority, role, accepted);
    }

    boolean takesUnreserved() {
        return accepted.isEmpty() || accepted.contains("*");
    }

    boolean takesReserved() {
        return accepted.isEmpty() || accepted.contains(role);
    }

    /** The ports that must have just these numbers. */
    List<Integer> fixedPorts() {
        return exactPorts ? ports.stream().filter(port -> port != 0).toList() : List.of();
    }
}
