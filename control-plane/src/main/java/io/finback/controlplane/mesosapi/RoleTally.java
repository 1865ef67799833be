package io.finback.controlplane.mesosapi;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.Page;
import io.finback.resources.Kind;
import io.finback.resources.Resources;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** What each role has: allocated, offered, reserved. Made from sums of pages. Not thread-safe. */
final class RoleTally {
    private static final Page.Derivation<AllocationDelta.Agent, Map<String, Amounts>> RESERVED =
            Page.Derivation.of(agents -> reservedOn(agents, AllocationDelta.Agent::total));
    private static final Page.Derivation<AllocationDelta.Agent, Map<String, Amounts>> IDLE =
            Page.Derivation.of(agents -> reservedOn(agents, RoleTally::idleReserved));
    private static final Page.Derivation<AllocationDelta.Agent, Map<String, Amounts>> OFFERED =
            Page.Derivation.of(RoleTally::offeredOn);

    private final Map<String, Amounts> allocated = new TreeMap<>();
    private final Map<String, Amounts> offered = new TreeMap<>();
    private final Map<String, Amounts> reserved = new TreeMap<>();
    private final Map<String, Amounts> idle = new TreeMap<>();

    static RoleTally of(ClusterSnapshot view) {
        RoleTally tally = new RoleTally();
        view.frameworks().forEach(framework -> {
            add(tally.allocated, TaskTally.of(framework.tasks()).held());
            add(tally.allocated, TaskTally.of(framework.executors()).held());
        });
        view.agents().pages().forEach(page -> {
            add(tally.reserved, page.derived(RESERVED));
            add(tally.idle, page.derived(IDLE));
            add(tally.offered, page.derived(OFFERED));
        });
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

    /** What counts to the role's quota: what tasks of it and of roles below it hold, and what is reserved for them and held by none. */
    Amounts consumed(String role) {
        Amounts sum = new Amounts();
        allocated.forEach((name, amounts) -> {
            if (name.equals(role) || Kind.isBelow(name, role)) {
                sum.add(amounts);
            }
        });
        idle.forEach((name, amounts) -> {
            if (name.equals(role) || Kind.isBelow(name, role)) {
                sum.add(amounts);
            }
        });
        return sum;
    }

    private static Map<String, Amounts> reservedOn(
            List<AllocationDelta.Agent> agents, Function<AllocationDelta.Agent, Resources> part) {
        Map<String, Amounts> reserved = new TreeMap<>();
        for (AllocationDelta.Agent agent : agents) {
            if (AgentJson.isShown(agent) && !agent.total().isPlain()) {
                Resources resources = part.apply(agent);
                for (String role : AgentJson.reservedRoles(resources)) {
                    reserved.computeIfAbsent(role, name -> new Amounts())
                            .add(resources, kind -> kind.reservedTo().equals(Optional.of(role)));
                }
            }
        }
        return reserved;
    }

    private static Resources idleReserved(AllocationDelta.Agent agent) {
        Resources all = reserved(agent.total());
        Resources used = reserved(agent.allocated());
        return all.contains(used) ? all.minus(used) : Resources.EMPTY;
    }

    private static Resources reserved(Resources resources) {
        return resources.filter(Kind::isReserved);
    }

    private static Map<String, Amounts> offeredOn(List<AllocationDelta.Agent> agents) {
        Map<String, Amounts> offered = new TreeMap<>();
        agents.forEach(
                agent -> agent.offers().forEach(offer -> offered.computeIfAbsent(offer.role(), role -> new Amounts())
                        .add(offer.resources())));
        return offered;
    }

    private static void add(Map<String, Amounts> sums, Map<String, Amounts> more) {
        more.forEach((role, amounts) ->
                sums.computeIfAbsent(role, name -> new Amounts()).add(amounts));
    }
}
