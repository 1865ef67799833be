package io.finback.controlplane.allocator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Hierarchical dominant resource fairness: roles {@code a/b/c} as a tree in which siblings compete with the dominant share of everything in and
 * below them, divided by their weight, and frameworks compete inside their role. What somebody has includes what is offered to him.
 *
 * <p>A change costs the depth of the role, not the size of the tree: sums are kept at every node, and a place whose share changed is moved
 * by {@link #settle}, so that the order stands still while one agent is handed out. Only a change of the pool's total re-sorts everything,
 * once per pass. Source: Ghodsi et al., "Dominant Resource Fairness", NSDI 2011; apache/mesos {@code
 * src/master/allocator/mesos/sorter/drf}.
 */
final class RoleTree {
    final Role root = new Role();
    private final Map<String, Role> roles = new HashMap<>();
    private final Set<String> excluded;
    private final Scalars scalars;
    private Map<String, Double> weights = Map.of();
    private long[] total = new long[0];
    private boolean[] excludedNumbers = new boolean[0];
    private final List<Place> moved = new ArrayList<>();
    private final Set<Role> roused = new HashSet<>();

    /** An empty tree; {@code excluded} names scalars that count for nobody's share. */
    RoleTree(Scalars scalars, Set<String> excluded) {
        this.scalars = scalars;
        this.excluded = Set.copyOf(excluded);
    }

    @Nullable
    Role find(String path) {
        return roles.get(path);
    }

    Iterable<Role> all() {
        return roles.values();
    }

    /** The role of this path, made with its ancestors if it is new. */
    Role role(String path) {
        Role known = roles.get(path);
        if (known != null) {
            return known;
        }
        int slash = path.lastIndexOf('/');
        Role parent = slash < 0 ? root : role(path.substring(0, slash));
        Role role = new Role(path, parent);
        role.weight = weights.getOrDefault(path, 1.0);
        parent.children.put(path, role);
        roles.put(path, role);
        return role;
    }

    /** Forgets the role, and its ancestors, as far as nobody is in them and nobody has anything in them. */
    void prune(Role role) {
        Role at = role;
        while (!at.isRoot() && at.isUnused()) {
            at.above().children.remove(at.name);
            roles.remove(at.name);
            at = at.above();
        }
    }

    /** From now on roles weigh this much; the others 1. */
    void setWeights(Map<String, Double> newWeights) {
        if (newWeights.equals(weights)) {
            return;
        }
        Map<String, Double> before = weights;
        weights = Map.copyOf(newWeights);
        Set<String> touched = new HashSet<>(before.keySet());
        touched.addAll(weights.keySet());
        for (String path : touched) {
            Role role = roles.get(path);
            if (role != null) {
                role.weight = weights.getOrDefault(path, 1.0);
                noteOne(role);
            }
        }
    }

    /** From now on the pool has this much. O(tree), and the only change that is. */
    void setTotal(long[] newTotal) {
        if (Arrays.equals(newTotal, total)) {
            return;
        }
        total = newTotal.clone();
        excludedNumbers = new boolean[total.length];
        for (int i = 0; i < total.length; i++) {
            excludedNumbers[i] = excluded.contains(scalars.name(i));
        }
        settle();
        reshare(root);
    }

    /** The seat wants offers from now on. */
    void activate(Seat seat) {
        if (seat.stands) {
            return;
        }
        stand(seat, seat.role.leaf.order);
        if (!seat.role.leaf.stands) {
            stand(seat.role.leaf, seat.role.order);
        }
        for (Role role = seat.role; !role.isRoot(); role = role.above()) {
            role.active++;
            if (!role.stands) {
                stand(role, role.above().order);
            }
        }
    }

    /** The seat wants no offers until it is activated again. */
    void deactivate(Seat seat) {
        if (!seat.stands) {
            return;
        }
        if (seat.isAwake) {
            seat.role.leaf.awake.remove(seat);
            seat.isAwake = false;
            countAwake(seat.role, -1);
        }
        sit(seat);
        if (seat.role.leaf.order.size() == 0) {
            sit(seat.role.leaf);
        }
        for (Role role = seat.role; !role.isRoot(); role = role.above()) {
            role.active--;
            if (role.active == 0) {
                sit(role);
            }
        }
    }

    /** Something changed that lets the seat take what it could not or would not take before. */
    void rouse(Seat seat) {
        if (seat.stands && !seat.isAwake) {
            seat.isAwake = true;
            seat.role.leaf.awake.add(seat);
            countAwake(seat.role, 1);
            roused.add(seat.role);
        }
    }

    boolean isAnyAwake() {
        return root.awake > 0;
    }

    /** All who were roused have been asked. */
    void calm() {
        for (Role role : roused) {
            for (int i = 0; i < role.leaf.awake.size(); i++) {
                role.leaf.awake.get(i).isAwake = false;
            }
            countAwake(role, -role.leaf.awake.size());
            role.leaf.awake.clear();
        }
        roused.clear();
    }

    void add(Seat seat, long[] amounts) {
        seat.amounts.add(amounts);
        seat.role.leaf.amounts.add(amounts);
        for (Role role = seat.role; !role.isRoot(); role = role.above()) {
            role.amounts.add(amounts);
        }
        note(seat);
    }

    void subtract(Seat seat, long[] amounts) {
        seat.amounts.subtract(amounts);
        seat.role.leaf.amounts.subtract(amounts);
        for (Role role = seat.role; !role.isRoot(); role = role.above()) {
            role.amounts.subtract(amounts);
        }
        note(seat);
    }

    /** The seat was chosen once more. */
    void chosen(Seat seat) {
        seat.setCount(seat.count() + 1);
        seat.role.leaf.setCount(seat.role.leaf.count() + 1);
        for (Role role = seat.role; !role.isRoot(); role = role.above()) {
            role.setCount(role.count() + 1);
        }
        note(seat);
    }

    /** Puts whoever changed where he belongs. */
    void settle() {
        for (int i = 0; i < moved.size(); i++) {
            Place place = moved.get(i);
            place.isMoved = false;
            if (place.stands) {
                place.leave();
                share(place);
                place.settle();
                place.enter();
            }
        }
        moved.clear();
    }

    private void stand(Place place, Order<? extends Place> order) {
        share(place);
        // A newcomer is not served before everybody else only because the others have been here for years.
        long least = order.size() == 0 ? 0 : order.get(0).count();
        place.setCount(Math.max(place.count(), least));
        place.settle();
        place.enter();
        place.stands = true;
    }

    private static void sit(Place place) {
        place.leave();
        place.stands = false;
    }

    private void countAwake(Role from, int change) {
        Role role = from;
        for (; !role.isRoot(); role = role.above()) {
            role.awake += change;
        }
        role.awake += change;
    }

    private void reshare(Role role) {
        for (int i = 0; i < role.order.size(); i++) {
            Place place = role.order.get(i);
            share(place);
            if (place instanceof Role child) {
                reshare(child);
            }
        }
        role.order.resort();
        for (int i = 0; i < role.leaf.order.size(); i++) {
            share(role.leaf.order.get(i));
        }
        role.leaf.order.resort();
        role.leaf.awake.resort();
    }

    private void share(Place place) {
        place.setShare(place.amounts.dominantShare(total, excludedNumbers) / place.weight);
    }

    private void note(Seat seat) {
        noteOne(seat);
        noteOne(seat.role.leaf);
        for (Role role = seat.role; !role.isRoot(); role = role.above()) {
            noteOne(role);
        }
    }

    private void noteOne(Place place) {
        if (!place.isMoved) {
            place.isMoved = true;
            moved.add(place);
        }
    }
}
