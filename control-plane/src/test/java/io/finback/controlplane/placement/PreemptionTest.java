package io.finback.controlplane.placement;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Nothing is ended in vain, and no more than it takes. */
class PreemptionTest {
    private static Preemption.Victim victim(String agent, int number, double cpus, int priority) {
        return new Preemption.Victim(
                "/batch",
                "batch." + agent + number,
                AgentId.of(agent),
                new Spot("host-" + agent, Map.of("rack", agent)),
                Resources.of(cpus, 10, 0).withPorts(Ranges.of(31000 + number, 31000 + number)),
                priority);
    }

    private static Request request(double cpus, List<Integer> ports, Rule... rules) {
        return new Request(
                "/web",
                Resources.of(cpus, 10, 0),
                ports,
                true,
                List.of(rules),
                List.of("web.1", "web.2"),
                List.of(),
                0,
                "*",
                Set.of());
    }

    private static Candidate free(String agent, double cpus) {
        return new Candidate(
                OfferId.of("o-" + agent),
                AgentId.of(agent),
                new Spot("host-" + agent, Map.of("rack", agent)),
                Resources.of(cpus, 100, 0));
    }

    @Test
    void endsAsFewAsPossibleAndTheLeastImportantFirst() {
        List<Preemption.Victim> victims =
                List.of(victim("a", 1, 1, 0), victim("a", 2, 1, 0), victim("b", 1, 1, 3), victim("b", 2, 2, 1));
        Preemption.Slot slot =
                Preemption.find(request(2, List.of()), Map.of(), victims).orElseThrow();
        assertThat(slot.host()).isEqualTo("host-b");
        assertThat(slot.victims()).extracting(Preemption.Victim::taskId).containsExactly("batch.b2");
        // What is free already counts.
        Preemption.Slot with = Preemption.find(request(2, List.of()), Map.of(AgentId.of("a"), free("a", 1)), victims)
                .orElseThrow();
        assertThat(with.victims()).extracting(Preemption.Victim::taskId).containsExactly("batch.a1");
        assertThat(Preemption.find(request(9, List.of()), Map.of(), victims)).isEmpty();
    }

    @Test
    void rulesAndPortsDecideAsForAnyPlace() {
        List<Preemption.Victim> victims = List.of(victim("a", 1, 1, 0), victim("b", 2, 1, 0), victim("b", 1, 1, 0));
        Rule rack = Rule.of("rack", "IS", Optional.of("a"));
        assertThat(Preemption.find(request(1, List.of(), rack), Map.of(), victims)
                        .orElseThrow()
                        .host())
                .isEqualTo("host-a");
        assertThat(Preemption.find(request(2, List.of(), rack), Map.of(), victims))
                .isEmpty();
        assertThat(Preemption.find(request(1, List.of(31002)), Map.of(), victims)
                        .orElseThrow()
                        .victims())
                .extracting(Preemption.Victim::taskId)
                .contains("batch.b2");
    }

    @Test
    void whatIsPromisedIsThereOnceTheVictimsHaveEnded() {
        for (int seed = 0; seed < 1000; seed++) {
            Random random = new Random(seed);
            List<Preemption.Victim> victims = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                victims.add(victim("" + (char) ('a' + random.nextInt(3)), i, random.nextInt(3), random.nextInt(3)));
            }
            Request request = request(1 + random.nextInt(5), List.of());
            int number = seed;
            Preemption.find(request, Map.of(), victims).ifPresent(slot -> {
                Resources room = Resources.EMPTY;
                for (Preemption.Victim victim : slot.victims()) {
                    room = room.plus(victim.held());
                }
                Candidate after = new Candidate(
                        OfferId.of("o"), slot.agent(), slot.victims().get(0).spot(), room);
                assertThat(new Placement(List.of(after), new SplittableRandom(1)).place(List.of(request)))
                        .as("seed %d", number)
                        .isNotEmpty();
            });
        }
    }
}
