package io.finback.controlplane.placement;

import io.finback.resources.AgentId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * One cycle: waiting instances on offers, and afterwards why some have none. What has more priority is placed first; groups of one
 * priority take turns, one instance each, the larger instances first, so that a large group does not starve a small one. See {@link
 * Turn} for where one goes.
 *
 * <p>Whatever still waits in the end has no candidate that would take it. Cost: O(candidates) to begin; then O(log candidates) for an
 * instance, and O(candidates) for each group whose rules refuse what has room. Confined to one thread.
 */
public final class Placement {
    private final Board board;
    private final RandomGenerator random;
    private final Map<String, Turn> turns = new LinkedHashMap<>();
    private final Map<String, Turn> unplaced = new LinkedHashMap<>();

    /** {@code random} chooses host ports. */
    public Placement(List<Candidate> candidates, RandomGenerator random) {
        this.board = new Board(candidates);
        this.random = random;
    }

    /** Places what can be placed. Once for each cycle; the groups of {@code requests} are different ones. */
    public List<Assignment> place(List<Request> requests) {
        SortedMap<Integer, List<Turn>> byPriority = new TreeMap<>(Comparator.reverseOrder());
        for (Request request : requests) {
            Turn turn = new Turn(request, board);
            if (turns.put(request.group(), turn) != null) {
                throw new IllegalArgumentException("group: " + request.group() + " twice (expected: one request)");
            }
            if (!request.waiting().isEmpty()) {
                byPriority
                        .computeIfAbsent(request.priority(), p -> new ArrayList<>())
                        .add(turn);
            }
        }
        List<Assignment> assignments = new ArrayList<>();
        for (List<Turn> equal : byPriority.values()) {
            equal.sort(Comparator.comparingDouble((Turn turn) -> -size(turn)));
            ArrayDeque<Turn> queue = new ArrayDeque<>(equal);
            while (!queue.isEmpty()) {
                Turn turn = queue.removeFirst();
                int place = turn.find();
                if (place < 0) {
                    unplaced.put(turn.request.group(), turn);
                    continue;
                }
                assignments.add(board.take(place, turn.request, turn.waiting.removeFirst(), turn.needs, random));
                turn.placed(place);
                if (!turn.waiting.isEmpty()) {
                    queue.addLast(turn);
                }
            }
        }
        return assignments;
    }

    /** The groups of which some still wait, in no order that means something. */
    public List<String> unplaced() {
        return List.copyOf(unplaced.keySet());
    }

    /**
     * Why the rest of a group waits, by what is left now; empty: it does not wait. O(candidates).
     *
     * @param samples at most so many candidates are named with their reasons
     */
    public Optional<Explanation> explain(String group, int samples) {
        return Optional.ofNullable(unplaced.get(group)).map(turn -> Explainer.explain(turn, board, samples));
    }

    /** What of a group still waits after this cycle; empty: nothing. */
    public Optional<Request> rest(String group) {
        return Optional.ofNullable(unplaced.get(group)).map(Turn::rest);
    }

    /** What is left unreserved of each agent's offer. */
    public Map<AgentId, Candidate> left() {
        Map<AgentId, Candidate> left = new HashMap<>();
        for (int place = 0; place < board.size(); place++) {
            Candidate candidate = board.at(place);
            left.put(candidate.agent(), candidate.with(board.unreserved(place)));
        }
        return left;
    }

    private double size(Turn turn) {
        double size = 0;
        for (int i = 0; i < Pool.PORTS; i++) {
            long most = board.tree().most(i);
            size += most <= 0 ? 0 : (double) turn.needs[i] / most;
        }
        return size;
    }
}
