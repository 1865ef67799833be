package io.finback.controlplane.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Spread, packing, turns, ports, explanations. */
class PlacementTest {
    private static Candidate offer(String agent, double cpus, int ports) {
        Resources amount = Resources.of(cpus, 1000, 0);
        return candidate(
                agent,
                ports == 0 ? amount : amount.withPorts(Ranges.of(31000, 31000 + ports - 1)),
                Map.of("rack", agent.substring(0, 1)));
    }

    private static Candidate candidate(String agent, Resources resources, Map<String, String> attributes) {
        return new Candidate(OfferId.of("o-" + agent), AgentId.of(agent), new Spot(agent, attributes), resources);
    }

    private static Request request(String app, double cpus, int ports, int waiting, Rule... rules) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < waiting; i++) {
            ids.add(app + ".u" + i);
        }
        return new Request(
                app, Resources.of(cpus, 10, 0), Collections.nCopies(ports, 0), false, List.of(rules), ids, List.of());
    }

    private static Placement cycle(Candidate... offers) {
        return new Placement(List.of(offers), new SplittableRandom(7));
    }

    private static Map<String, Long> perHost(List<Assignment> assignments) {
        return assignments.stream()
                .collect(Collectors.groupingBy(a -> a.candidate().spot().host(), Collectors.counting()));
    }

    @Test
    void spreadsOverHostsTakesSeveralFromOneOfferAndNeverGivesAPortTwice() {
        List<Assignment> placed = cycle(offer("a", 4, 10), offer("b", 4, 10), offer("c", 4, 10))
                .place(List.of(request("/web", 0.5, 2, 6)));
        assertThat(perHost(placed)).isEqualTo(Map.of("a", 2L, "b", 2L, "c", 2L));
        for (String host : List.of("a", "b", "c")) {
            Set<Integer> seen = new HashSet<>();
            placed.stream()
                    .filter(a -> a.candidate().spot().host().equals(host))
                    .forEach(a -> a.ports().forEach(p -> assertThat(seen.add(p)).isTrue()));
            assertThat(seen).hasSize(4).allMatch(p -> p >= 31000 && p < 31010);
        }
    }

    @Test
    void differentAppsArePackedSoThatALargeOneStillFits() {
        List<Request> small = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            small.add(request("/small" + i, 1, 0, 1));
        }
        small.add(request("/large", 4, 0, 1));
        List<Assignment> placed = cycle(offer("a", 4, 0), offer("b", 4, 0)).place(small);
        assertThat(placed).hasSize(5);
        // An agent that is used already is filled before one that is free.
        assertThat(perHost(cycle(offer("free", 4, 0), offer("used", 2, 0)).place(List.of(request("/x", 1, 0, 1)))))
                .isEqualTo(Map.of("used", 1L));
    }

    @Test
    void whereOthersStandCountsForTheSpread() {
        Request request = new Request(
                "/x",
                Resources.of(1, 10, 0),
                List.of(),
                false,
                List.of(),
                List.of("x.1", "x.2"),
                List.of(new Spot("a", Map.of()), new Spot("a", Map.of()), new Spot("b", Map.of())));
        assertThat(perHost(cycle(offer("a", 4, 0), offer("b", 9, 0), offer("c", 9, 0))
                        .place(List.of(request))))
                .isEqualTo(Map.of("b", 1L, "c", 1L));
    }

    @Test
    void appsTakeTurnsAndPriorityComesFirst() {
        List<Assignment> placed =
                cycle(offer("a", 4, 0)).place(List.of(request("/large", 1, 0, 10), request("/small", 1, 0, 1)));
        assertThat(placed.stream().filter(a -> a.group().equals("/small"))).hasSize(1);
        Request urgent = new Request(
                "/urgent",
                Resources.of(1, 10, 0),
                List.of(),
                false,
                List.of(),
                List.of("u1", "u2", "u3", "u4"),
                List.of(),
                1,
                "*",
                Set.of());
        assertThat(cycle(offer("a", 4, 0)).place(List.of(request("/large", 1, 0, 10), urgent)))
                .allMatch(a -> a.group().equals("/urgent"));
    }

    @Test
    void tellsTheFirstReasonOfEachOfferAndWhatIsMissingWhereLeastIs() {
        Placement cycle = cycle(offer("a", 4, 0), offer("b", 6, 0));
        assertThat(cycle.place(List.of(
                        request("/big", 8, 1, 1),
                        request("/ports", 1, 1, 1),
                        request("/rack", 1, 0, 1, Rule.of("rack", "IS", Optional.of("z"))))))
                .isEmpty();
        Explanation big = cycle.explain("/big", 10).orElseThrow();
        assertThat(big.reasons()).containsOnly(Map.entry(RejectReason.INSUFFICIENT_CPUS, 2));
        Explanation.Refused nearest = big.nearest().orElseThrow();
        assertThat(nearest.candidate().spot().host()).isEqualTo("b");
        assertThat(nearest.lacks().stream().map(Explanation.Lack::missing))
                .containsExactly("cpus: 6 of 8 (2 missing)", "ports: 0 of 1 (1 missing)");
        assertThat(cycle.explain("/ports", 10).orElseThrow().reasons())
                .containsOnly(Map.entry(RejectReason.INSUFFICIENT_PORTS, 2));
        Explanation rack = cycle.explain("/rack", 10).orElseThrow();
        assertThat(rack.reasons()).containsOnly(Map.entry(RejectReason.UNFULFILLED_CONSTRAINT, 2));
        assertThat(rack.rules()).containsOnly(Map.entry("rack IS z", 2));
        assertThat(rack.samples()).hasSize(2);
        assertThat(rack.nearest().orElseThrow().lacks().get(0).missing()).isEqualTo("rack IS z: rack is a");
        assertThat(cycle.explain("/none", 10)).isEmpty();
    }

    @Test
    void groupsStayEvenWhateverTheOrderOfOffers() {
        List<Candidate> offers = new ArrayList<>(
                List.of(offer("a1", 9, 0), offer("a2", 9, 0), offer("a3", 9, 0), offer("b1", 2, 0), offer("c1", 3, 0)));
        Rule even = Rule.of("rack", "GROUP_BY", Optional.of("3"));
        for (int i = 0; i < 20; i++) {
            Collections.shuffle(offers, new java.util.Random(i));
            List<Assignment> placed =
                    new Placement(offers, new SplittableRandom(i)).place(List.of(request("/x", 1, 0, 6, even)));
            assertThat(placed.stream()
                            .collect(Collectors.groupingBy(
                                    a -> a.candidate().spot().attributes().get("rack"), Collectors.counting())))
                    .isEqualTo(Map.of("a", 2L, "b", 2L, "c", 2L));
        }
    }

    @Test
    void theFirstOfAClusterGoesWhereAllFit() {
        List<Assignment> placed = cycle(offer("a1", 1, 0), offer("b1", 2, 0), offer("b2", 2, 0))
                .place(List.of(request("/x", 1, 0, 4, Rule.of("rack", "CLUSTER", Optional.empty()))));
        assertThat(perHost(placed)).isEqualTo(Map.of("b1", 2L, "b2", 2L));
    }

    @Test
    void gpusAreKeptForThoseWhoWantThem() {
        Candidate gpu = candidate("g", Resources.of(1, 100, 0).withScalar(Resources.GPUS, 1), Map.of());
        assertThat(perHost(cycle(gpu, offer("a", 4, 0)).place(List.of(request("/x", 1, 0, 1)))))
                .isEqualTo(Map.of("a", 1L));
        assertThat(perHost(cycle(gpu).place(List.of(request("/x", 1, 0, 1))))).isEqualTo(Map.of("g", 1L));
    }

    @Test
    void equalAttributesAreEqualHoweverTheyAreWritten() {
        assertThat(AttributeText.of(" 2.0")).isEqualTo("2");
        assertThat(AttributeText.of("0.12345")).isEqualTo("0.123");
        assertThat(AttributeText.of("-0.0")).isEqualTo("0");
        assertThat(AttributeText.of("[5-7, 1-2]")).isEqualTo("[1-2,5-7]");
        assertThat(AttributeText.of("{b, a}")).isEqualTo("{a,b}");
        assertThat(AttributeText.of("[no range]")).isEqualTo("[no range]");
        assertThat(AttributeText.of("us-east-1")).isEqualTo("us-east-1");
    }

    @Test
    void wrongConstraintsAreNamed() {
        assertThat(Rule.problem("UNIQUE", Optional.of("x"))).contains("Value specified for UNIQUE is not allowed");
        assertThat(Rule.problem("MAX_PER", Optional.of("x"))).contains("Value was not an integer for MAX_PER: x");
        assertThat(Rule.problem("MAX_PER", Optional.empty())).contains("A value must be specified for MAX_PER");
        assertThat(Rule.problem("GROUP_BY", Optional.empty())).isEmpty();
        assertThat(Rule.problem("LIKE", Optional.of("("))).contains("'(' is not a valid regular expression");
        assertThat(Rule.problem("NEAR", Optional.empty()).orElseThrow()).endsWith("NEAR");
        assertThatThrownBy(() -> Rule.of("rack", "IS", Optional.empty())).isInstanceOf(IllegalArgumentException.class);
    }
}
