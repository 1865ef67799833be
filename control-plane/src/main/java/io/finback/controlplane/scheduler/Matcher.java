package io.finback.controlplane.scheduler;

import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Places waiting instances on offers. What has priority comes first; apps of none take turns, one instance each, so that a large one does
 * not starve a small one; an instance
 * goes where fewest of its app stand, then to the offer with the most cpu left. O(instances × offers).
 */
public final class Matcher {
    /** An offer as far as placing needs it. */
    public record Offered(OfferId id, AgentId agent, String host, Resources resources, Map<String, String> attributes) {
        public Offered {
            attributes = Map.copyOf(attributes);
        }
    }

    public record Assignment(String appId, String taskId, Offered offer, List<Integer> ports) {
        public Assignment {
            ports = List.copyOf(ports);
        }
    }

    /** Why an app still waits: how many of {@code offers} failed for which reason. */
    public record Miss(int offers, Map<RejectReason, Integer> reasons) {
        public Miss {
            reasons = Collections.unmodifiableMap(new EnumMap<>(reasons));
        }
    }

    public record Result(List<Assignment> assignments, Map<String, Miss> misses) {
        public Result {
            assignments = List.copyOf(assignments);
            misses = Map.copyOf(misses);
        }
    }

    private static final class Room {
        final Offered offer;
        final Constraints.Spot spot;
        Resources left;

        Room(Offered offer) {
            this.offer = offer;
            this.spot = new Constraints.Spot(offer.host(), offer.attributes());
            this.left = offer.resources();
        }
    }

    private static final class Turn {
        final Demand demand;
        final ArrayDeque<String> waiting;
        final List<Constraints.Spot> placed;
        final Map<String, Integer> perHost = new HashMap<>();

        Turn(Demand demand) {
            this.demand = demand;
            this.waiting = new ArrayDeque<>(demand.waiting());
            this.placed = new ArrayList<>(demand.placed());
            placed.forEach(spot -> perHost.merge(spot.host(), 1, Integer::sum));
        }

        void place(Constraints.Spot spot) {
            placed.add(spot);
            perHost.merge(spot.host(), 1, Integer::sum);
        }
    }

    private Matcher() {}

    /** {@code demands}: only those that may be placed now. {@code random} chooses host ports. */
    public static Result match(List<Demand> demands, List<Offered> offers, RandomGenerator random) {
        List<Room> rooms = offers.stream().map(Room::new).toList();
        ArrayDeque<Turn> turns = new ArrayDeque<>();
        demands.stream()
                .filter(d -> !d.waiting().isEmpty())
                .sorted(Comparator.comparingInt(d -> -d.priority()))
                .map(Turn::new)
                .forEach(turns::add);
        List<Assignment> assignments = new ArrayList<>();
        Map<String, Miss> misses = new HashMap<>();
        while (!turns.isEmpty()) {
            Turn turn = turns.removeFirst();
            Demand demand = turn.demand;
            Map<RejectReason, Integer> reasons = new EnumMap<>(RejectReason.class);
            List<Room> fitting = new ArrayList<>();
            for (Room room : rooms) {
                rejection(turn, room)
                        .ifPresentOrElse(why -> reasons.merge(why, 1, Integer::sum), () -> fitting.add(room));
            }
            Optional<Room> best = fitting.stream()
                    .min(Comparator.<Room>comparingInt(r -> turn.perHost.getOrDefault(r.offer.host(), 0))
                            // GPUs are for those who want some.
                            .thenComparing(
                                    r -> demand.each().milli(Resources.GPUS) == 0 && r.left.milli(Resources.GPUS) > 0)
                            .thenComparingLong(r -> -r.left.milli(Resources.CPUS)));
            if (best.isEmpty()) {
                misses.put(demand.appId(), new Miss(rooms.size(), reasons));
                continue;
            }
            Room room = best.get();
            List<Integer> ports = ports(demand, room.left.ports(), random);
            room.left = room.left.minus(demand.each().withPorts(Ranges.ofValues(ports)));
            turn.place(room.spot);
            assignments.add(new Assignment(demand.appId(), turn.waiting.removeFirst(), room.offer, ports));
            if (!turn.waiting.isEmpty() && demand.priority() > 0) {
                turns.addFirst(turn);
            } else if (!turn.waiting.isEmpty()) {
                turns.addLast(turn);
            }
        }
        return new Result(assignments, misses);
    }

    private static Optional<RejectReason> rejection(Turn turn, Room room) {
        Demand demand = turn.demand;
        if (!Constraints.allow(demand.constraints(), room.spot, turn.placed)) {
            return Optional.of(RejectReason.UNFULFILLED_CONSTRAINT);
        }
        if (lacks(demand, room, Resources.CPUS)) {
            return Optional.of(RejectReason.INSUFFICIENT_CPUS);
        }
        if (lacks(demand, room, Resources.MEM)) {
            return Optional.of(RejectReason.INSUFFICIENT_MEMORY);
        }
        if (lacks(demand, room, Resources.DISK)) {
            return Optional.of(RejectReason.INSUFFICIENT_DISK);
        }
        if (lacks(demand, room, Resources.GPUS)) {
            return Optional.of(RejectReason.INSUFFICIENT_GPUS);
        }
        Ranges free = room.left.ports();
        boolean fits = free.contains(Ranges.ofValues(fixed(demand)))
                && free.size() >= demand.ports().size();
        return fits ? Optional.empty() : Optional.of(RejectReason.INSUFFICIENT_PORTS);
    }

    private static boolean lacks(Demand demand, Room room, String scalar) {
        return room.left.milli(scalar) < demand.each().milli(scalar);
    }

    /** The ports that must have just these numbers. */
    private static List<Integer> fixed(Demand demand) {
        return demand.requirePorts()
                ? demand.ports().stream().filter(port -> port != 0).toList()
                : List.of();
    }

    /** One number for each port of the demand, in its order. */
    private static List<Integer> ports(Demand demand, Ranges free, RandomGenerator random) {
        List<Integer> fixed = fixed(demand);
        Iterator<Integer> any = pick(
                        free.minus(Ranges.ofValues(fixed)), demand.ports().size() - fixed.size(), random)
                .iterator();
        return demand.ports().stream()
                .map(port -> demand.requirePorts() && port != 0 ? port : any.next())
                .toList();
    }

    /** {@code count} different numbers of {@code free}, from a random place on: ports just given back are not reused at once. */
    private static List<Integer> pick(Ranges free, int count, RandomGenerator random) {
        List<Integer> picked = new ArrayList<>();
        if (count == 0) {
            return picked;
        }
        long start = random.nextLong(free.size());
        for (int i = 0; i < count; i++) {
            picked.add((int) free.nth((start + i) % free.size()).orElseThrow());
        }
        return picked;
    }
}
