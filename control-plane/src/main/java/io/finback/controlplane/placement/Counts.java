package io.finback.controlplane.placement;

import java.util.Arrays;

/** How often each of some small numbers was seen. As large as what it has seen, not as what it might see. */
final class Counts {
    private int[] keys = new int[8];
    private int[] counts = new int[8];
    private int distinct;

    Counts() {
        Arrays.fill(keys, -1);
    }

    int of(int key) {
        return counts[slot(keys, key)];
    }

    int distinct() {
        return distinct;
    }

    void add(int key) {
        int slot = slot(keys, key);
        if (keys[slot] < 0) {
            keys[slot] = key;
            distinct++;
            if (distinct * 2 > keys.length) {
                grow();
                slot = slot(keys, key);
            }
        }
        counts[slot]++;
    }

    /** The smallest count of any number seen; 0 when there is none. */
    int smallest() {
        int smallest = Integer.MAX_VALUE;
        for (int count : counts) {
            if (count > 0 && count < smallest) {
                smallest = count;
            }
        }
        return distinct == 0 ? 0 : smallest;
    }

    /** The first number seen that is still in the table's order; -1 when there is none. */
    int any() {
        for (int key : keys) {
            if (key >= 0) {
                return key;
            }
        }
        return -1;
    }

    private void grow() {
        int[] oldKeys = keys;
        int[] oldCounts = counts;
        keys = new int[oldKeys.length * 2];
        counts = new int[keys.length];
        Arrays.fill(keys, -1);
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] >= 0) {
                int slot = slot(keys, oldKeys[i]);
                keys[slot] = oldKeys[i];
                counts[slot] = oldCounts[i];
            }
        }
    }

    private static int slot(int[] table, int key) {
        int mask = table.length - 1;
        int slot = ((key * 0x9E3779B9) >>> 7) & mask;
        while (table[slot] >= 0 && table[slot] != key) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }
}
