package io.finback.controlplane.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.controlplane.allocator.OfferConstraints.AttributeConstraint;
import io.finback.controlplane.allocator.OfferConstraints.Group;
import io.finback.resources.AgentId;
import io.finback.resources.FaultDomain;
import io.finback.resources.FrameworkId;
import io.finback.resources.Kind;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A pool reckoned from first principles: every sum is summed, every rule is asked of everybody, nothing is kept. What {@link OfferBook} does
 * with sums it keeps must come to the same.
 */
final class NaivePool {
    private final RandomPool pool;
    private final List<Offered> offers;
    private final Map<AgentId, Resources> free = new HashMap<>();
    private final Map<String, Map<String, Long>> consumed = new HashMap<>();
    private final Map<String, Long> surplus = new HashMap<>();

    NaivePool(RandomPool pool) {
        this.pool = pool;
        this.offers = new ArrayList<>(pool.book.outstanding());
    }

    static Resources exclusive(Resources amount) {
        return amount.filter(kind -> !kind.shared());
    }

    private static Resources chargeable(Resources amount) {
        return amount.filter(kind -> !kind.isReserved() && !kind.revocable() && !kind.shared());
    }

    static String top(String role) {
        return role.replaceFirst("/.*", "");
    }

    /** Offered + allocated &lt;= total, for every agent. */
    void checkTotals() {
        for (AllocatorState.Entry agent : pool.state.agents()) {
            Resources given = Resources.EMPTY;
            for (TaskKey task : agent.tasks()) {
                given = given.plus(
                        exclusive(pool.state.holding(task).orElseThrow().resources()));
            }
            given = given.plus(offeredOn(agent.spec().id()));
            assertThat(agent.total().contains(given))
                    .as("%s: %s of %s", agent.spec().id(), given, agent.total())
                    .isTrue();
        }
    }

    Resources offeredOn(AgentId agent) {
        Resources sum = Resources.EMPTY;
        for (Offered offer : offers) {
            if (offer.agent().equals(agent)) {
                sum = sum.plus(exclusive(offer.resources()));
            }
        }
        return sum;
    }

    Resources free(AllocatorState.Entry agent) {
        return free.computeIfAbsent(agent.spec().id(), id -> agent.unallocated().minus(offeredOn(id)));
    }

    boolean isOpen(AllocatorState.Entry agent) {
        return pool.offerable.contains(agent.spec().id()) && agent.record().isOpen();
    }

    /** Scalar name to thousandths that count to this top-level role's quota. */
    Map<String, Long> consumed(String top) {
        Map<String, Long> known = consumed.get(top);
        if (known == null) {
            known = sumConsumed(top);
            consumed.put(top, known);
        }
        return known;
    }

    private Map<String, Long> sumConsumed(String top) {
        Map<String, Long> sum = new HashMap<>();
        pool.state.holdings().stream()
                .filter(holding -> top(holding.role()).equals(top))
                .forEach(holding -> add(sum, chargeable(holding.resources())));
        offers.stream()
                .filter(offer -> top(offer.role()).equals(top))
                .forEach(offer -> add(sum, chargeable(offer.resources())));
        for (AllocatorState.Entry agent : pool.state.agents()) {
            if (agent.record().isCounted()) {
                for (Special entry : agent.total().special()) {
                    if (entry.kind().reservedTo().map(NaivePool::top).equals(Optional.of(top))) {
                        add(sum, entry.amount());
                    }
                }
            }
        }
        return sum;
    }

    private static void add(Map<String, Long> sum, Resources amount) {
        amount.quantities().forEach((name, value) -> sum.merge(name, value, Long::sum));
    }

    private long owed(String top, String name) {
        long guarantee = pool.state
                .quota(top)
                .map(quota -> quota.guarantees().getOrDefault(name, 0L))
                .orElse(0L);
        return Math.max(0, guarantee - consumed(top).getOrDefault(name, 0L));
    }

    private boolean isGuaranteed(String name) {
        return pool.state.quotas().stream().anyMatch(quota -> quota.guarantees().getOrDefault(name, 0L) > 0);
    }

    /** What is free in the pool, minus what is owed to anybody. */
    long surplus(String name) {
        Long known = surplus.get(name);
        if (known == null) {
            known = sumSurplus(name);
            surplus.put(name, known);
        }
        return known;
    }

    private long sumSurplus(String name) {
        long sum = 0;
        for (AllocatorState.Entry agent : pool.state.agents()) {
            if (isOpen(agent)) {
                sum += chargeable(free(agent)).quantities().getOrDefault(name, 0L);
            }
        }
        for (Quota quota : pool.state.quotas()) {
            sum -= owed(quota.role(), name);
        }
        return sum;
    }

    Set<String> guaranteedNames() {
        Set<String> names = new HashSet<>();
        pool.state.quotas().forEach(quota -> names.addAll(quota.guarantees().keySet()));
        names.removeIf(name -> !isGuaranteed(name));
        return names;
    }

    /** How much the role may be given now. */
    long allowed(String top, String name) {
        long room = pool.state
                .quota(top)
                .map(quota -> quota.limits().get(name))
                .map(limit -> Math.max(0, limit - consumed(top).getOrDefault(name, 0L)))
                .orElse(Long.MAX_VALUE);
        return isGuaranteed(name) ? Math.min(room, owed(top, name) + Math.max(0, surplus(name))) : room;
    }

    /** What the framework could be offered of this agent in this role now; empty: nothing. */
    Resources offerable(AllocatorState.Entry agent, FrameworkId framework, String role) {
        ClientSpec spec = pool.clients.get(framework);
        Resources visible = free(agent).filter(kind -> isVisible(kind, spec, role));
        TreeMap<String, Long> cut = new TreeMap<>();
        visible.milli().forEach((name, value) -> cut.put(name, Math.min(value, allowed(top(role), name))));
        Resources left = new Resources(cut, visible.ranges(), visible.sets(), visible.special());
        boolean fits = isOpen(agent)
                && !exclusive(left).isEmpty()
                && meetsMinimum(spec, role, left)
                && canTake(spec, agent.spec())
                && meetsConstraints(spec, role, agent.spec())
                && !isRefused(framework, role, agent.spec().id(), left);
        return fits ? left : Resources.EMPTY;
    }

    static boolean isVisible(Kind kind, ClientSpec spec, String role) {
        return kind.isAllocatableTo(role)
                && (!kind.revocable() || spec.capabilities().contains(Capability.REVOCABLE_RESOURCES))
                && (!kind.shared() || spec.capabilities().contains(Capability.SHARED_RESOURCES))
                && (!kind.isRefined() || spec.capabilities().contains(Capability.RESERVATION_REFINEMENT));
    }

    static boolean canTake(ClientSpec spec, AgentSpec agent) {
        boolean hasGpus = agent.total().milli(Resources.GPUS) > 0;
        boolean isFar =
                agent.domain().map(domain -> !domain.region().equals("here")).orElse(false);
        return (!hasGpus || spec.capabilities().contains(Capability.GPU_RESOURCES))
                && (!isFar || spec.capabilities().contains(Capability.REGION_AWARE));
    }

    static boolean meetsMinimum(ClientSpec spec, String role, Resources offer) {
        Map<String, Long> has = exclusive(offer).quantities();
        List<SortedMap<String, Long>> own = spec.minimums().get(role);
        if (own != null) {
            return own.isEmpty()
                    || own.stream().anyMatch(amount -> amount.entrySet().stream()
                            .allMatch(entry -> has.getOrDefault(entry.getKey(), 0L) >= entry.getValue()));
        }
        return has.getOrDefault("cpus", 0L) >= 10 || has.getOrDefault("mem", 0L) >= 32_000;
    }

    static boolean meetsConstraints(ClientSpec spec, String role, AgentSpec agent) {
        List<Group> groups = spec.constraints().byRole().get(role);
        return groups == null
                || groups.stream()
                        .anyMatch(group -> group.all().stream().allMatch(constraint -> meets(constraint, agent)));
    }

    private static boolean meets(AttributeConstraint constraint, AgentSpec agent) {
        Optional<String> value = constraint.pseudo().isPresent()
                ? switch (constraint.pseudo().get()) {
                    case HOSTNAME -> Optional.of(agent.hostname());
                    case REGION -> agent.domain().map(FaultDomain::region);
                    case ZONE -> agent.domain().map(FaultDomain::zone);
                }
                : Optional.ofNullable(
                        agent.attributes().get(constraint.attribute().orElseThrow()));
        return switch (constraint.test()) {
            case EXISTS -> value.isPresent();
            case NOT_EXISTS -> value.isEmpty();
            case TEXT_EQUALS -> value.equals(constraint.text());
            case TEXT_NOT_EQUALS -> !value.equals(constraint.text());
            case TEXT_MATCHES ->
                value.filter(RandomPool.compiled(constraint.text().orElseThrow()))
                        .isPresent();
            case TEXT_NOT_MATCHES ->
                value.filter(RandomPool.compiled(constraint.text().orElseThrow()))
                        .isEmpty();
        };
    }

    boolean isRefused(FrameworkId framework, String role, AgentId agent, Resources offer) {
        return pool.refused.stream()
                .anyMatch(old -> old.framework().equals(framework)
                        && old.role().equals(role)
                        && old.agent().equals(agent)
                        && old.until().isAfter(pool.now)
                        && old.resources().contains(offer));
    }
}
