package io.finback.controlplane.allocator;

import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What frameworks do not want to see for a while: per seat (framework and role) and agent the resources it refused. An offer that holds more than
 * was refused passes. At most one filter per seat and agent: the newest.
 *
 * <p>A seat's filters carry its key. Forgetting all of them is giving the seat another key: what is left behind is swept when there is more
 * of it than of living filters, so that every change costs the same however many filters stand. Ends are kept in lists by the
 * millisecond, as whoever declines a batch of offers refuses all of them until the same moment.
 */
final class Filters {
    private static final int SLACK = 1000;

    private final Slots slots;
    private final TreeMap<Long, Ends> ends = new TreeMap<>();
    private final List<@Nullable Seat> owners = new ArrayList<>();
    private int live;
    private int dead;
    private int endCount;

    private static final class Ends {
        private int[] agents = new int[4];
        private int[] keys = new int[4];
        private int size;

        void add(int agent, int key) {
            if (size == keys.length) {
                agents = Arrays.copyOf(agents, size * 2);
                keys = Arrays.copyOf(keys, size * 2);
            }
            agents[size] = agent;
            keys[size++] = key;
        }
    }

    Filters(Slots slots) {
        this.slots = slots;
        owners.add(null);
    }

    int size() {
        return live;
    }

    void add(Slot slot, Seat seat, Resources refused, long untilMillis) {
        if (seat.filterKey == 0) {
            seat.filterKey = owners.size();
            owners.add(seat);
        }
        if (slot.refusals == null) {
            slot.refusals = new Refusals();
        }
        if (slot.refusals.put(seat.filterKey, refused, untilMillis)) {
            live++;
            seat.filterCount++;
        }
        ends.computeIfAbsent(untilMillis, at -> new Ends()).add(slot.index, seat.filterKey);
        endCount++;
        if (dead > live + SLACK || endCount > 2 * live + SLACK || owners.size() > 2 * live + 10 * SLACK) {
            sweep();
        }
    }

    boolean blocks(Slot slot, Seat seat, Resources offer) {
        Refusals refusals = slot.refusals;
        return refusals != null && seat.filterKey != 0 && refusals.isRefused(seat.filterKey, offer);
    }

    /** When the seat's filter on this agent ends; empty if there is none. */
    OptionalLong until(Slot slot, Seat seat) {
        long until = slot.refusals == null || seat.filterKey == 0 ? -1 : slot.refusals.until(seat.filterKey);
        return until < 0 ? OptionalLong.empty() : OptionalLong.of(until);
    }

    /** Ends all filters of this seat, at the price of one. */
    void forget(Seat seat) {
        if (seat.filterKey != 0) {
            owners.set(seat.filterKey, null);
            live -= seat.filterCount;
            dead += seat.filterCount;
            seat.filterKey = 0;
            seat.filterCount = 0;
        }
    }

    /** Ends all filters on this agent. */
    void forget(Slot slot) {
        if (slot.refusals != null) {
            slot.refusals.forEach((key, refused, until) -> {
                Seat owner = owners.get(key);
                if (owner == null) {
                    dead--;
                } else {
                    owner.filterCount--;
                    live--;
                }
            });
            slot.refusals = null;
        }
    }

    /** Ends what is due and says whose. */
    void expire(long nowMillis, BiConsumer<Slot, Seat> ended) {
        while (!ends.isEmpty() && ends.firstKey() <= nowMillis) {
            Map.Entry<Long, Ends> due = ends.pollFirstEntry();
            endCount -= due.getValue().size;
            for (int i = 0; i < due.getValue().size; i++) {
                expire(due.getValue().agents[i], due.getValue().keys[i], due.getKey(), ended);
            }
        }
    }

    /** When the next filter ends; may be early, never late. */
    OptionalLong nextEnd() {
        return ends.isEmpty() ? OptionalLong.empty() : OptionalLong.of(ends.firstKey());
    }

    private void expire(int agent, int key, long until, BiConsumer<Slot, Seat> ended) {
        Slot slot = slots.at(agent);
        if (slot == null || slot.refusals == null || slot.refusals.until(key) != until) {
            return;
        }
        slot.refusals.remove(key);
        if (slot.refusals.size() == 0) {
            slot.refusals = null;
        }
        Seat owner = owners.get(key);
        if (owner == null) {
            dead--;
        } else {
            live--;
            owner.filterCount--;
            ended.accept(slot, owner);
        }
    }

    /** Drops what forgotten seats and replaced filters left behind, and numbers the living anew. */
    private void sweep() {
        List<@Nullable Seat> before = new ArrayList<>(owners);
        owners.clear();
        owners.add(null);
        for (Seat seat : before) {
            if (seat != null) {
                seat.filterKey = seat.filterCount == 0 ? 0 : owners.size();
                if (seat.filterKey != 0) {
                    owners.add(seat);
                }
            }
        }
        ends.clear();
        endCount = 0;
        dead = 0;
        slots.forEach(slot -> rebuild(slot, before));
    }

    private void rebuild(Slot slot, List<@Nullable Seat> before) {
        Refusals old = slot.refusals;
        if (old == null) {
            return;
        }
        Refusals kept = new Refusals();
        old.forEach((key, refused, until) -> {
            Seat seat = before.get(key);
            if (seat != null) {
                boolean isNew = kept.put(seat.filterKey, refused, until);
                endCount += isNew ? 1 : 0;
                ends.computeIfAbsent(until, at -> new Ends()).add(slot.index, seat.filterKey);
            }
        });
        slot.refusals = kept.size() == 0 ? null : kept;
    }
}
