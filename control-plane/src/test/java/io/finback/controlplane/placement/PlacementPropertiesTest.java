package io.finback.controlplane.placement;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.resources.AgentId;
import io.finback.resources.Kind;
import io.finback.resources.OfferId;
import io.finback.resources.Ranges;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Whatever comes in whatever order: what is placed may stand there, and what waits may stand nowhere. */
class PlacementPropertiesTest {
    private static final int WORLDS = 4000;
    private static final int SMALL_WORLDS = 4000;

    @Test
    void everyPlacementIsValidAndWhatWaitsFitsNowhere() {
        for (int seed = 0; seed < WORLDS; seed++) {
            Random random = new Random(seed);
            List<Candidate> candidates = candidates(random, 1 + random.nextInt(12));
            List<Request> requests = new ArrayList<>();
            int apps = 1 + random.nextInt(5);
            for (int i = 0; i < apps; i++) {
                requests.add(request(random, "/app" + i, 1 + random.nextInt(8), true));
            }
            List<Candidate> shuffled = new ArrayList<>(candidates);
            Collections.shuffle(shuffled, random);
            Collections.shuffle(requests, random);
            Placement cycle = new Placement(shuffled, new SplittableRandom(seed));
            new Replay("seed " + seed, candidates, requests).check(cycle.place(requests), cycle);
        }
    }

    @Test
    void asManyInstancesOfOneAppArePlacedAsAnyOrderWouldPlace() {
        for (int seed = 0; seed < SMALL_WORLDS; seed++) {
            Random random = new Random(seed);
            List<Candidate> candidates = candidates(random, 1 + random.nextInt(4));
            Request request = request(random, "/app", 1 + random.nextInt(4), false);
            Placement cycle = new Placement(candidates, new SplittableRandom(seed));
            int placed = cycle.place(List.of(request)).size();
            assertThat(placed)
                    .as("seed %d: %s on %s", seed, request, candidates)
                    .isEqualTo(most(
                            candidates, request, new int[candidates.size()], new ArrayList<>(request.placed()), 0));
        }
    }

    /** By trying everything. All candidates and instances are alike but for what {@code used} counts. */
    private static int most(List<Candidate> candidates, Request request, int[] used, List<Spot> placed, int done) {
        int best = done;
        if (done == request.waiting().size()) {
            return done;
        }
        for (int i = 0; i < used.length; i++) {
            Candidate candidate = candidates.get(i);
            if (fits(candidate, request, used[i] + 1) && NaiveRules.allow(request.rules(), candidate.spot(), placed)) {
                used[i]++;
                placed.add(candidate.spot());
                best = Math.max(best, most(candidates, request, used, placed, done + 1));
                placed.remove(placed.size() - 1);
                used[i]--;
            }
        }
        return best;
    }

    private static boolean fits(Candidate candidate, Request request, int times) {
        Resources there = candidate.resources().plain();
        return !candidate.leaving()
                && candidate.role().equals(request.role())
                && there.milli(Resources.CPUS) >= times * request.each().milli(Resources.CPUS)
                && there.milli(Resources.MEM) >= times * request.each().milli(Resources.MEM)
                && there.ports().size() >= (long) times * request.ports().size()
                && (request.fixedPorts().isEmpty()
                        || (times == 1 && request.fixedPorts().stream().allMatch(there.ports()::contains)));
    }

    private static List<Candidate> candidates(Random random, int count) {
        List<Candidate> candidates = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Map<String, String> attributes = new HashMap<>();
            if (random.nextInt(5) > 0) {
                attributes.put("rack", "r" + random.nextInt(3));
            }
            if (random.nextInt(3) > 0) {
                attributes.put("speed", random.nextBoolean() ? "2.0" : "2");
            }
            attributes.put("ids", random.nextBoolean() ? "[1-2, 5-7]" : "[5-7,1-2]");
            attributes.put("os", random.nextBoolean() ? "{b, a}" : "{a,b,c}");
            attributes.put(Spot.ZONE, "z" + random.nextInt(2));
            attributes.put(Spot.REGION, "here");
            Resources resources = Resources.of(random.nextInt(4), 64 * random.nextInt(5), 0)
                    .withPorts(random.nextInt(4) == 0 ? Ranges.EMPTY : Ranges.of(31000, 31000 + random.nextInt(5)));
            candidates.add(new Candidate(
                    OfferId.of("o" + i),
                    AgentId.of("a" + i),
                    new Spot("h" + (random.nextInt(6) == 0 ? 0 : i), attributes),
                    "*",
                    resources,
                    random.nextInt(10) == 0));
        }
        return candidates;
    }

    private static Request request(Random random, String group, int waiting, boolean withGroups) {
        List<String> fields =
                List.of("hostname", "@hostname", "rack", "@zone", "@region", "speed", "ids", "os", "gone");
        List<Rule> rules = new ArrayList<>();
        int count = random.nextInt(withGroups ? 4 : 3);
        for (int i = 0; i < count; i++) {
            String field = fields.get(random.nextInt(fields.size()));
            rules.add(rule(random, field, withGroups));
        }
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < waiting; i++) {
            ids.add(group + "." + i);
        }
        List<Spot> placed = random.nextInt(3) == 0
                ? List.of(new Spot("h" + random.nextInt(3), Map.of("rack", "r" + random.nextInt(4), Spot.ZONE, "z0")))
                : List.of();
        List<Integer> ports = random.nextInt(3) == 0 ? List.of(random.nextInt(3) == 0 ? 31002 : 0, 0) : List.of();
        return new Request(
                group,
                Resources.of(random.nextInt(3) * 0.5, 32 * random.nextInt(3), 0),
                ports,
                random.nextBoolean(),
                rules,
                ids,
                placed,
                random.nextInt(4) == 0 ? 5 : 0,
                "*",
                Set.of());
    }

    private static Rule rule(Random random, String field, boolean withGroups) {
        return switch (random.nextInt(withGroups ? 8 : 6)) {
            case 0 -> Rule.of(field, "UNIQUE", Optional.empty());
            case 1 -> Rule.of(field, "LIKE", Optional.of("[rhz2]?[0-2]|here|\\{a,b\\}"));
            case 2 -> Rule.of(field, "UNLIKE", Optional.of("r1|h2|\\[1-2,5-7\\]"));
            case 3 -> Rule.of(field, "MAX_PER", Optional.of("" + (1 + random.nextInt(2))));
            case 4 -> Rule.of(field, "CLUSTER", random.nextBoolean() ? Optional.empty() : Optional.of("r1"));
            case 5 -> Rule.of(field, "IS", Optional.of(random.nextBoolean() ? "2.0000" : "{b,a}"));
            default ->
                Rule.of(
                        field,
                        "GROUP_BY",
                        random.nextBoolean() ? Optional.empty() : Optional.of("" + random.nextInt(4)));
        };
    }

    /** Does again what was decided, one by one, and looks whether each step was allowed. */
    private static final class Replay {
        private final String name;
        private final Map<OfferId, Resources> left = new HashMap<>();
        private final List<Candidate> candidates;
        private final Map<String, Request> requests = new HashMap<>();
        private final Map<String, List<Spot>> placed = new HashMap<>();

        Replay(String name, List<Candidate> candidates, List<Request> requests) {
            this.name = name;
            this.candidates = candidates;
            candidates.forEach(candidate -> left.put(candidate.offer(), candidate.resources()));
            requests.forEach(request -> {
                this.requests.put(request.group(), request);
                placed.put(request.group(), new ArrayList<>(request.placed()));
            });
        }

        void check(List<Assignment> assignments, Placement cycle) {
            Set<String> tasks = new HashSet<>();
            for (Assignment assignment : assignments) {
                Request request = requests.get(assignment.group());
                Candidate candidate = assignment.candidate();
                assertThat(tasks.add(assignment.taskId())).as(name).isTrue();
                assertThat(request.waiting()).as(name).contains(assignment.taskId());
                assertThat(mayStand(request, candidate)).as(name + assignment).isTrue();
                assertThat(assignment.ports()).as(name).hasSameSizeAs(request.ports());
                // Throws where there was too little.
                left.merge(candidate.offer(), assignment.taken(), Resources::minus);
                assertThat(assignment.taken().milli(Resources.CPUS))
                        .isEqualTo(request.each().milli(Resources.CPUS));
                placed.get(request.group()).add(candidate.spot());
            }
            for (Request request : requests.values()) {
                long done = assignments.stream()
                        .filter(a -> a.group().equals(request.group()))
                        .count();
                boolean waits = done < request.waiting().size();
                assertThat(cycle.unplaced().contains(request.group())).as(name).isEqualTo(waits);
                if (waits) {
                    explained(request, cycle.explain(request.group(), 3).orElseThrow());
                }
            }
        }

        private void explained(Request request, Explanation why) {
            for (Candidate candidate : candidates) {
                boolean fits = left.get(candidate.offer())
                                .contains(request.each().withPorts(Ranges.ofValues(request.fixedPorts())))
                        && left.get(candidate.offer()).ports().size()
                                >= request.ports().size();
                assertThat(mayStand(request, candidate) && fits)
                        .as(name + " " + request + " would fit " + candidate)
                        .isFalse();
            }
            assertThat(why.reasons().values().stream()
                            .mapToInt(Integer::intValue)
                            .sum())
                    .as(name)
                    .isEqualTo(candidates.size())
                    .isEqualTo(why.candidates());
            assertThat(why.nearest().orElseThrow().lacks()).as(name).isNotEmpty();
            assertThat(why.samples()).as(name).hasSize(Math.min(3, candidates.size()));
        }

        private boolean mayStand(Request request, Candidate candidate) {
            return !candidate.leaving()
                    && NaiveRules.allow(request.rules(), candidate.spot(), placed.get(request.group()));
        }
    }

    @Test
    void reservedResourcesAreUsedFirstAndOnlyByTheirRole() {
        Kind reserved = Kind.reserved(Reservation.fixed("eng"));
        Resources mixed = Resources.of(2, 100, 0).plus(Resources.of(reserved, Resources.of(1, 100, 0)));
        Candidate offer = new Candidate(OfferId.of("o"), AgentId.of("a"), new Spot("h", Map.of()), "eng", mixed, false);
        assertThat(new Placement(List.of(offer), new SplittableRandom(1))
                        .place(List.of(role("eng", Set.of("eng", "*"), 2)))
                        .get(0)
                        .taken())
                .isEqualTo(Resources.of(1, 0, 0).plus(Resources.of(reserved, Resources.of(1, 10, 0))));
        assertThat(new Placement(List.of(offer), new SplittableRandom(1)).place(List.of(role("eng", Set.of("*"), 1))))
                .singleElement()
                .extracting(Assignment::taken)
                .isEqualTo(Resources.of(1, 10, 0));
        Placement tooMuch = new Placement(List.of(offer), new SplittableRandom(1));
        assertThat(tooMuch.place(List.of(role("eng", Set.of("eng"), 2)))).isEmpty();
        assertThat(tooMuch.explain("/r", 1).orElseThrow().reasons())
                .containsOnly(Map.entry(RejectReason.INSUFFICIENT_CPUS, 1));
        Placement other = new Placement(List.of(offer), new SplittableRandom(1));
        assertThat(other.place(List.of(role("ops", Set.of(), 1)))).isEmpty();
        assertThat(other.explain("/r", 1).orElseThrow().reasons())
                .containsOnly(Map.entry(RejectReason.UNFULFILLED_ROLE, 1));
        Candidate plain = new Candidate(
                OfferId.of("p"), AgentId.of("a"), new Spot("h", Map.of()), "eng", Resources.of(9, 900, 0), false);
        Placement none = new Placement(List.of(plain), new SplittableRandom(1));
        assertThat(none.place(List.of(role("eng", Set.of("eng"), 1)))).isEmpty();
        assertThat(none.explain("/r", 1).orElseThrow().reasons())
                .containsOnly(Map.entry(RejectReason.NO_CORRESPONDING_RESERVATION_FOUND, 1));
    }

    private static Request role(String role, Set<String> accepted, double cpus) {
        return new Request(
                "/r",
                Resources.of(cpus, 10, 0),
                List.of(),
                false,
                List.of(),
                List.of("t"),
                List.of(),
                0,
                role,
                accepted);
    }
}
