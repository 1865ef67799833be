package io.finback.controlplane.placement;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One request during a cycle: what of it still waits, and how far the board has been searched for it. An instance goes where fewest of
 * its group stand (first by the groups of GROUP_BY, then by host), and among those to the first in the board's order.
 *
 * <p>The search goes on where it ended: what had too little has not more now, and what a rule refused it refuses still. GROUP_BY alone
 * changes its mind, and so each of its values is searched apart; with two of them every search begins anew.
 */
final class Turn {
    private static final int NOWHERE = -1;

    final Request request;
    final ArrayDeque<String> waiting;
    final long[] needs;
    final List<Check> checks = new ArrayList<>();
    private final List<Spot> newly = new ArrayList<>();
    private final Board board;
    private final Field hosts;
    private final Counts perHost = new Counts();
    private final List<Check> groups = new ArrayList<>();
    private Lane everywhere = new Lane();
    private Lane[] lanes = new Lane[0];

    /** A search over all places, or over those of one value: it looks at hosts with few instances first. */
    private static final class Lane {
        int next;
        int level;
        int fewest = Integer.MAX_VALUE; // of those hosts passed by because more than level stand there
        boolean ended;
    }

    Turn(Request request, Board board) {
        this.request = request;
        this.board = board;
        this.waiting = new ArrayDeque<>(request.waiting());
        this.needs = Pool.amounts(request.each());
        needs[Pool.PORTS] = request.ports().size();
        this.hosts = board.field(Spot.HOSTNAME);
        for (Spot spot : request.placed()) {
            perHost.add(hosts.number(spot.host()));
        }
        for (Rule rule : request.rules()) {
            Check check = new Check(rule, board, request.placed());
            checks.add(check);
            if (rule.operator() == Rule.Operator.GROUP_BY) {
                groups.add(check);
            }
        }
    }

    /** Where the next instance goes; -1: nowhere. */
    int find() {
        List<Check> open = checks.stream().filter(Check::isOpen).toList();
        if (open.isEmpty()) {
            return search();
        }
        // Others may have taken what was there when this began.
        everywhere = new Lane();
        lanes = new Lane[0];
        open.forEach(Check::unpin);
        open.forEach(this::decide);
        return search();
    }

    private int search() {
        if (groups.isEmpty()) {
            return find(everywhere, Field.ABSENT);
        }
        return groups.size() == 1 ? findInGroups(groups.get(0)) : findAnew();
    }

    /** What still waits, with what has been placed so far among what was. */
    Request rest() {
        return request.rest(List.copyOf(waiting), newly);
    }

    void placed(int place) {
        newly.add(board.at(place).spot());
        perHost.add(hosts.at(place));
        checks.forEach(check -> check.placed(place));
    }

    /** Role, maintenance and rules let an instance stand there. */
    boolean mayStand(int place) {
        Candidate candidate = board.at(place);
        if (candidate.leaving()
                || candidate.isHeldFrom(request.group())
                || !candidate.role().equals(request.role())) {
            return false;
        }
        for (Check check : checks) {
            if (!check.allows(place)) {
                return false;
            }
        }
        return true;
    }

    private int find(Lane lane, int value) {
        int[] own = value == Field.ABSENT ? new int[0] : groups.get(0).field.places(value);
        while (!lane.ended) {
            int place;
            while ((place = value == Field.ABSENT ? board.tree().first(lane.next, needs) : nextOf(own, lane))
                    != NOWHERE) {
                int there = perHost.of(hosts.at(place));
                if (there > lane.level) {
                    lane.fewest = Math.min(lane.fewest, there);
                } else if (mayStand(place) && board.fits(place, request, needs)) {
                    lane.next = value == Field.ABSENT ? place : lane.next;
                    return place;
                }
                lane.next = value == Field.ABSENT ? place + 1 : lane.next + 1;
            }
            lane.ended = lane.fewest == Integer.MAX_VALUE;
            lane.level = lane.fewest;
            lane.fewest = Integer.MAX_VALUE;
            lane.next = 0;
        }
        return NOWHERE;
    }

    private int nextOf(int[] own, Lane lane) {
        while (lane.next < own.length) {
            if (board.tree().fits(own[lane.next], needs)) {
                return own[lane.next];
            }
            lane.next++;
        }
        return NOWHERE;
    }

    /** Values not used yet first, then those used least. */
    private int findInGroups(Check group) {
        if (lanes.length == 0) {
            lanes = new Lane[group.field.size()];
            Arrays.setAll(lanes, i -> new Lane());
        }
        for (int unused = 1; unused >= 0; unused--) {
            for (int value = 0; value < lanes.length; value++) {
                boolean asked = (group.count(value) == 0) == (unused == 1);
                if (asked && !lanes[value].ended && group.allowsValue(value)) {
                    int place = find(lanes[value], value);
                    if (place != NOWHERE) {
                        return place;
                    }
                }
            }
        }
        return NOWHERE;
    }

    private int findAnew() {
        int best = NOWHERE;
        int fewest = Integer.MAX_VALUE;
        for (int place = board.tree().first(0, needs);
                place != NOWHERE;
                place = board.tree().first(place + 1, needs)) {
            if (mayStand(place) && board.fits(place, request, needs)) {
                int there = perHost.of(hosts.at(place));
                for (Check group : groups) {
                    there += 1000 * group.count(group.field.at(place));
                }
                if (there < fewest) {
                    fewest = there;
                    best = place;
                }
            }
        }
        return best;
    }

    /** The first instance binds all others to its value: that is the one where most of them fit. */
    private void decide(Check open) {
        int best = NOWHERE;
        int most = 0;
        for (int value = 0; value < open.field.size() && most < waiting.size(); value++) {
            int room = room(open, value);
            if (room > most) {
                best = value;
                most = room;
            }
        }
        open.pin(best == NOWHERE ? Field.ABSENT : best);
    }

    /** How many of those that wait would stand at a value, if all stood there. */
    private int room(Check open, int value) {
        List<Check> trial = new ArrayList<>();
        request.rules().forEach(rule -> trial.add(new Check(rule, board, request.placed())));
        int[] places = open.field.places(value);
        long[] room = new long[places.length];
        for (int i = 0; i < places.length; i++) {
            room[i] = mayStand(places[i]) && board.fits(places[i], request, needs) ? roomAt(places[i]) : 0;
        }
        int found = 0;
        boolean more = true;
        while (more && found < waiting.size()) {
            more = false;
            for (int i = 0; i < places.length && found < waiting.size(); i++) {
                int place = places[i];
                if (room[i] > 0 && trial.stream().allMatch(check -> check.allows(place))) {
                    trial.forEach(check -> check.placed(place));
                    room[i]--;
                    found++;
                    more = true;
                }
            }
        }
        return found;
    }

    private long roomAt(int place) {
        if (!request.fixedPorts().isEmpty()) {
            return 1;
        }
        long room = waiting.size();
        long[] left = board.left(place, request);
        for (int i = 0; i < left.length; i++) {
            room = needs[i] == 0 ? room : Math.min(room, left[i] / needs[i]);
        }
        return room;
    }
}
