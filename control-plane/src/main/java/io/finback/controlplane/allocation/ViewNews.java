package io.finback.controlplane.allocation;

import akka.actor.typed.ActorRef;
import io.finback.controlplane.allocator.AgentRecord;
import io.finback.controlplane.allocator.AllocatorEvent;
import io.finback.controlplane.allocator.AllocatorState;
import io.finback.controlplane.allocator.MaintenanceSchedule;
import io.finback.controlplane.allocator.OfferBook;
import io.finback.resources.AgentId;
import io.finback.resources.Resources;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** What the views have not been told yet. Only what changed is looked at, and a pool that is quiet says so once a second. */
final class ViewNews {
    private static final Duration QUIET = Duration.ofSeconds(1);

    /** Weight of the agents in one delta, each unit some hundred bytes: well below Artery's frame of 2 MiB. */
    private static final int PART = 1_000;

    private static final int MAX_ANSWERS = 500;

    private final long epoch;
    private final ActorRef<AllocationDelta> views;
    private final Duration delay;
    private final Predicate<AgentId> speaks;
    private final OfferBook book;
    private final Set<AgentId> agents = new LinkedHashSet<>();
    private final Map<AgentId, AgentRecord> gone = new LinkedHashMap<>();
    private boolean pool = true;
    private long number;
    private Instant toldAt;

    ViewNews(
            long epoch,
            ActorRef<AllocationDelta> views,
            Duration delay,
            OfferBook book,
            Predicate<AgentId> speaks,
            Instant now) {
        this.epoch = epoch;
        this.views = views;
        this.delay = delay;
        this.book = book;
        this.speaks = speaks;
        this.toldAt = now;
    }

    void add(AgentId agent) {
        agents.add(agent);
    }

    /** What an event changed beside agents: call it before the event is applied, while what goes is still there. */
    void note(AllocatorEvent event, AllocatorState before) {
        pool |= !event.weights().isEmpty()
                || !event.quotas().isEmpty()
                || event.maintenance().isPresent();
        event.agents().stream()
                .filter(record -> record.goneAt().isPresent())
                .forEach(record -> gone.put(record.id(), record));
        event.released().forEach(key -> before.holding(key)
                .flatMap(holding -> before.agent(holding.agent()))
                .map(AllocatorState.Entry::record)
                .filter(record -> record.goneAt().isPresent())
                .ifPresent(record -> gone.put(record.id(), record)));
    }

    /** What frameworks said to leaving machines has changed. */
    void notePool() {
        pool = true;
    }

    Instant nextDue() {
        boolean news = !agents.isEmpty() || !gone.isEmpty() || pool;
        return toldAt.plus(news ? delay : QUIET);
    }

    /** Tells what is new, if it is time. */
    void publish(AllocatorState state, Instant now) {
        if (nextDue().isAfter(now)) {
            return;
        }
        List<AllocationDelta.Agent> changed = new ArrayList<>();
        agents.forEach(agent -> state.agent(agent).ifPresent(entry -> changed.add(describe(entry, state))));
        gone.forEach((agent, record) -> {
            if (state.agent(agent).isEmpty()) {
                changed.add(describeGone(record));
            }
        });
        tell(views, changed, pool ? Optional.of(pool(state)) : Optional.empty(), ++number);
        agents.clear();
        gone.clear();
        pool = false;
        toldAt = now;
    }

    /** Tells everything there is. */
    void describe(ActorRef<AllocationDelta> to, AllocatorState state) {
        List<AllocationDelta.Agent> all = new ArrayList<>();
        state.agents().forEach(entry -> all.add(describe(entry, state)));
        tell(to, all, Optional.of(pool(state)), number);
    }

    private void tell(
            ActorRef<AllocationDelta> to,
            List<AllocationDelta.Agent> all,
            Optional<AllocationDelta.Pool> about,
            long as) {
        List<List<AllocationDelta.Agent>> parts = cut(all);
        to.tell(new AllocationDelta(epoch, as, parts.isEmpty() ? List.of() : parts.get(0), about, parts.size() <= 1));
        for (int i = 1; i < parts.size(); i++) {
            to.tell(new AllocationDelta(epoch, as, parts.get(i), about, i == parts.size() - 1));
        }
    }

    private AllocationDelta.Pool pool(AllocatorState state) {
        return new AllocationDelta.Pool(
                state.weights(),
                List.copyOf(state.quotas()),
                state.maintenance().schedule(),
                state.maintenance().down(),
                inverseAnswers(state));
    }

    /** At most {@value #MAX_ANSWERS}: they travel in one message. */
    private List<AllocationDelta.InverseAnswer> inverseAnswers(AllocatorState state) {
        List<AllocationDelta.InverseAnswer> answers = new ArrayList<>();
        for (AgentId agent : book.agentsToLeave()) {
            if (answers.size() >= MAX_ANSWERS) {
                break;
            }
            state.agent(agent)
                    .map(entry -> new MaintenanceSchedule.MachineId(
                            Optional.of(entry.spec().hostname()), Optional.empty()))
                    .ifPresent(machine -> book.inverseAnswers(agent)
                            .forEach(answer -> answers.add(new AllocationDelta.InverseAnswer(
                                    machine, answer.framework(), Optional.of(answer.accepted()), answer.at()))));
        }
        return answers;
    }

    /** By what makes an agent long, which is cheaper than {@code Parts} for tens of thousands of them. */
    private static List<List<AllocationDelta.Agent>> cut(List<AllocationDelta.Agent> all) {
        List<List<AllocationDelta.Agent>> parts = new ArrayList<>();
        int from = 0;
        int weight = 0;
        for (int i = 0; i < all.size(); i++) {
            int next = weightOf(all.get(i));
            if (i > from && weight + next > PART) {
                parts.add(all.subList(from, i));
                from = i;
                weight = 0;
            }
            weight += next;
        }
        if (from < all.size()) {
            parts.add(all.subList(from, all.size()));
        }
        return parts;
    }

    private static int weightOf(AllocationDelta.Agent agent) {
        int offered = 0;
        for (AllocationDelta.Offered offer : agent.offers()) {
            offered += 1 + offer.resources().special().size();
        }
        return 4
                + agent.spec().attributes().size() / 4
                + 2 * agent.total().special().size()
                + agent.allocated().special().size()
                + offered;
    }

    private AllocationDelta.Agent describe(AllocatorState.Entry entry, AllocatorState state) {
        AgentRecord record = entry.record();
        boolean active = record.isOpen() && !state.isDown(record.spec()) && speaks.test(record.id());
        return new AllocationDelta.Agent(
                record.spec(),
                record.admittedAt(),
                record.lostAt(),
                active,
                entry.allocated(),
                book.offered(record.id()),
                record.total(),
                record.deactivated(),
                record.drain().map(ViewNews::drain),
                record.goneAt(),
                book.offersOn(record.id()).stream()
                        .map(offer -> new AllocationDelta.Offered(
                                offer.id(), offer.framework(), offer.role(), offer.resources()))
                        .toList());
    }

    private static AllocationDelta.Agent describeGone(AgentRecord record) {
        return new AllocationDelta.Agent(
                record.spec(),
                record.admittedAt(),
                record.lostAt(),
                false,
                Resources.EMPTY,
                Resources.EMPTY,
                record.total(),
                record.deactivated(),
                record.drain().map(ViewNews::drain),
                record.goneAt(),
                List.of());
    }

    private static AllocationDelta.Drain drain(AgentRecord.Drain drain) {
        return new AllocationDelta.Drain(
                drain.maxGrace(),
                drain.markGone(),
                drain.since(),
                drain.drainedAt().isPresent());
    }
}
