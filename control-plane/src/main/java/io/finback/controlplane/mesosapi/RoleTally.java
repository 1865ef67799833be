package io.finback.controlplane.mesosapi;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.Page;
import io.finback.resources.Kind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What each role has: allocated, offered, reserved. Made from sums of pages. Not thread-safe. */
final class RoleTally {
    private static final Page.Derivation<AllocationDelta.Agent, Map<String, Amounts>> RESERVED =
            Page.Derivation.of(RoleTally::reservedOn);

    private final Map<String, Amounts> allocated = new TreeMap<>();
    private final Map<String, Amounts> offered = new TreeMap<>();
    private final Map<String, Amounts> reserved = new TreeMap<>();

    static RoleTally of(ClusterSnapshot view) {
        RoleTally tally = new RoleTally();
        view.frameworks()
                .forEach(framework ->
                        add(tally.allocated, TaskTally.of(framework.tasks()).held()));
        view.agents().pages().forEach(page -> add(tally.reserved, page.derived(RESERVED)));
        return tally;
    }

    Set<String> roles() {
        Set<String> roles = new TreeSet<>(Set.of("*"));
        roles.addAll(allocated.keySet());
        roles.addAll(offered.keySet());
        roles.addAll(reserved.keySet());
        return roles;
    }

    Amounts allocated(String role) {
        return allocated.getOrDefault(role, new Amounts());
    }

    Amounts offered(String role) {
        return offered.getOrDefault(role, new Amounts());
    }

    Amounts reserved(String role) {
        return reserved.getOrDefault(role, new Amounts());
    }

    /** Of the role and of every role below it. */
    Amounts allocatedBelow(String role) {
        Amounts sum = new Amounts();
        allocated.forEach((name, amounts) -> {
            if (name.equals(role) || Kind.isBelow(name, role)) {
                sum.add(amounts);
            }
        });
        return sum;
    }

    private static Map<String, Amounts> reservedOn(List<AllocationDelta.Agent> agents) {
        Map<String, Amounts> reserved = new TreeMap<>();
        for (AllocationDelta.Agent agent : agents) {
            if (AgentJson.isShown(agent)) {
                for (String role : AgentJson.reservedRoles(agent.spec().total())) {
                    reserved.computeIfAbsent(role, name -> new Amounts())
                            .add(agent.spec().total(), kind -> kind.reservedTo().equals(Optional.of(role)));
                }
            }
        }
        return reserved;
    }

    private static void add(Map<String, Amounts> sums, Map<String, Amounts> more) {
        more.forEach((role, amounts) ->
                sums.computeIfAbsent(role, name -> new Amounts()).add(amounts));
    }
}
