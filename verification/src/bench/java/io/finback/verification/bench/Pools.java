package io.finback.verification.bench;

import io.finback.controlplane.allocator.AgentRecord;
import io.finback.controlplane.allocator.AgentSpec;
import io.finback.controlplane.allocator.AllocatorEvent;
import io.finback.controlplane.allocator.AllocatorState;
import io.finback.controlplane.allocator.ClientSpec;
import io.finback.controlplane.allocator.Holding;
import io.finback.controlplane.allocator.OfferBook;
import io.finback.controlplane.allocator.OfferPolicy;
import io.finback.controlplane.allocator.Offered;
import io.finback.controlplane.allocator.Quota;
import io.finback.controlplane.allocator.TaskKey;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;

/** Pools as Mesos' allocator benchmarks make them (apache/mesos {@code src/tests/hierarchical_allocator_*}). */
final class Pools {
    static final Instant START = Instant.ofEpochSecond(1_000_000);
    private static final OfferPolicy POLICY = new OfferPolicy(Duration.ofDays(1), 10, 32_000);

    private Pools() {}

    static AgentId agent(int number) {
        return AgentId.of("agent-" + number);
    }

    static FrameworkId framework(int number) {
        return FrameworkId.of("framework-" + number);
    }

    static Resources machine() {
        return Resources.of(24, 4_096, 4_096).withPorts(Ranges.of(31_000, 32_000));
    }

    /** Agents of 24 CPUs of which 16 are used, with 16 fragments of ports, by one task each of the frameworks in turn. */
    static AllocatorState used(int agents, int frameworks) {
        List<Long> ports = new ArrayList<>();
        for (long port = 31_001; port < 31_033; port += 2) {
            ports.add(port);
        }
        Resources task = Resources.of(16, 2_048, 1_024).withPorts(Ranges.ofValues(ports));
        AllocatorState state = empty(agents, machine());
        List<Holding> holdings = new ArrayList<>();
        for (int i = 0; i < agents; i++) {
            TaskKey key = new TaskKey(framework(i % frameworks), TaskId.of("task-" + i));
            holdings.add(new Holding(key, agent(i), task, "*"));
        }
        return state.apply(AllocatorEvent.of(List.of(), holdings));
    }

    static AllocatorState empty(int agents, Resources machine) {
        List<AgentRecord> records = new ArrayList<>();
        for (int i = 0; i < agents; i++) {
            AgentSpec spec = new AgentSpec(agent(i), "host-" + i, 5051, machine, Map.of("rack", "r" + i % 40), "1");
            records.add(AgentRecord.admitted(spec, START));
        }
        return new AllocatorState().apply(event(records, List.of()));
    }

    static AllocatorEvent quotas(List<Quota> quotas) {
        return event(List.of(), quotas);
    }

    private static AllocatorEvent event(List<AgentRecord> agents, List<Quota> quotas) {
        return new AllocatorEvent(
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                agents,
                List.of(),
                Map.of(),
                quotas,
                Optional.empty(),
                List.of(),
                0);
    }

    static OfferBook book(int agents) {
        OfferBook book = new OfferBook("bench", POLICY);
        for (int i = 0; i < agents; i++) {
            none(book.setOfferable(agent(i), true));
        }
        return book;
    }

    static void join(OfferBook book, int frameworks, IntFunction<String> role) {
        for (int i = 0; i < frameworks; i++) {
            none(book.join(framework(i), ClientSpec.of(role.apply(i), false)));
        }
    }

    static void decline(OfferBook book, List<Offered> offers, Instant until) {
        for (Offered offer : offers) {
            for (Offered ended : book.remove(offer.framework(), List.<OfferId>of(offer.id()))) {
                book.filter(ended.framework(), ended.role(), ended.agent(), ended.resources(), until);
            }
        }
    }

    static void none(List<Offered> offers) {
        if (!offers.isEmpty()) {
            throw new IllegalStateException("ended: " + offers.size() + " (expected: none)");
        }
    }

    static List<Offered> atLeast(int expected, List<Offered> offers) {
        if (offers.size() < expected) {
            throw new IllegalStateException("offers: " + offers.size() + " (expected: at least " + expected + ")");
        }
        return offers;
    }
}
