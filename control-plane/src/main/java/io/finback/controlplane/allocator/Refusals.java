package io.finback.controlplane.allocator;

import io.finback.resources.Resources;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Who refused what of one agent, and until when: a table with open addressing, as an agent may be refused by thousands of frameworks and each
 * pass asks once for every one of them. Keys are positive.
 */
final class Refusals {
    private static final int SMALLEST = 4;
    private static final int ABSENT = -1;

    private int[] keys = new int[SMALLEST];
    private long[] until = new long[SMALLEST];
    private @Nullable Resources[] refused = new @Nullable Resources[SMALLEST];
    private int size;

    int size() {
        return size;
    }

    @SuppressWarnings(
            "ReferenceEquality") // only saves work: what is offered again is mostly the very object that was refused
    boolean isRefused(int key, Resources offer) {
        int at = find(key);
        if (at == ABSENT) {
            return false;
        }
        Resources mine = refused[at];
        return mine != null && (mine == offer || mine.contains(offer));
    }

    /** When the refusal ends (milliseconds of the epoch); negative if there is none. */
    long until(int key) {
        int at = find(key);
        return at == ABSENT ? -1 : until[at];
    }

    /** Notes a refusal and returns whether the key had none before. */
    boolean put(int key, Resources what, long untilMillis) {
        int at = find(key);
        if (at != ABSENT) {
            refused[at] = what;
            until[at] = untilMillis;
            return false;
        }
        if ((size + 1) * 4 > keys.length * 3) {
            resize(keys.length * 2);
        }
        insert(key, what, untilMillis);
        size++;
        return true;
    }

    void remove(int key) {
        int hole = find(key);
        if (hole == ABSENT) {
            return;
        }
        int mask = keys.length - 1;
        // Whatever stands behind the hole and could stand in it moves up, so that no search ends too early.
        for (int at = (hole + 1) & mask; keys[at] != 0; at = (at + 1) & mask) {
            int home = home(keys[at], mask);
            if (((at - home) & mask) >= ((at - hole) & mask)) {
                keys[hole] = keys[at];
                until[hole] = until[at];
                refused[hole] = refused[at];
                hole = at;
            }
        }
        keys[hole] = 0;
        refused[hole] = null;
        size--;
        if (keys.length > SMALLEST && size * 8 < keys.length) {
            resize(keys.length / 2);
        }
    }

    /** One refusal. */
    interface Visitor {
        void visit(int key, Resources refused, long untilMillis);
    }

    void forEach(Visitor visitor) {
        for (int at = 0; at < keys.length; at++) {
            Resources what = refused[at];
            if (keys[at] != 0 && what != null) {
                visitor.visit(keys[at], what, until[at]);
            }
        }
    }

    private int find(int key) {
        int mask = keys.length - 1;
        for (int at = home(key, mask); keys[at] != 0; at = (at + 1) & mask) {
            if (keys[at] == key) {
                return at;
            }
        }
        return ABSENT;
    }

    private void insert(int key, Resources what, long untilMillis) {
        int mask = keys.length - 1;
        int at = home(key, mask);
        while (keys[at] != 0) {
            at = (at + 1) & mask;
        }
        keys[at] = key;
        refused[at] = what;
        until[at] = untilMillis;
    }

    private void resize(int length) {
        int[] oldKeys = keys;
        long[] oldUntil = until;
        @Nullable Resources[] oldRefused = refused;
        keys = new int[length];
        until = new long[length];
        refused = Arrays.copyOf(new @Nullable Resources[0], length);
        for (int at = 0; at < oldKeys.length; at++) {
            Resources what = oldRefused[at];
            if (oldKeys[at] != 0 && what != null) {
                insert(oldKeys[at], what, oldUntil[at]);
            }
        }
    }

    /** Neighbouring keys are neighbours in the table: a pass asks in an order of its own, and scattering would cost a miss for each. */
    private static int home(int key, int mask) {
        return key & mask;
    }
}
