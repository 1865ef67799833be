package io.finback.controlplane.placement;

import java.util.Arrays;

/**
 * What is left at each place of a row, and for every stretch of the row the most that is left of each amount in it, so that the next
 * place with enough of everything is found without looking at those that are full. A binary tree in an array; finding and setting take
 * O(log places), finding a little more where plenty of one amount hides a lack of another.
 */
final class FitTree {
    private static final int WIDTH = Pool.AMOUNTS;

    private final int leaves;
    private final long[] most;

    FitTree(int places) {
        int power = 1;
        while (power < places) {
            power *= 2;
        }
        this.leaves = power;
        this.most = new long[2 * power * WIDTH];
        Arrays.fill(most, -1); // a place that is not there fits nothing
    }

    /** For filling: {@link #build} must follow. */
    void put(int place, long[] left) {
        System.arraycopy(left, 0, most, (leaves + place) * WIDTH, WIDTH);
    }

    void build() {
        for (int node = leaves - 1; node >= 1; node--) {
            up(node);
        }
    }

    void set(int place, long[] left) {
        put(place, left);
        for (int node = (leaves + place) / 2; node >= 1; node /= 2) {
            up(node);
        }
    }

    long left(int place, int amount) {
        return most[(leaves + place) * WIDTH + amount];
    }

    boolean fits(int place, long[] needs) {
        return enough(leaves + place, needs);
    }

    /** The first place from {@code from} on that has enough; -1: none. */
    int first(int from, long[] needs) {
        if (from >= leaves) {
            return -1;
        }
        int node = leaves + from;
        while (true) {
            if (enough(node, needs)) {
                if (node >= leaves) {
                    return node - leaves;
                }
                node *= 2;
                continue;
            }
            while ((node & 1) == 1) {
                node >>= 1;
                if (node <= 1) {
                    return -1;
                }
            }
            node++;
        }
    }

    /** The most that any place has. */
    long most(int amount) {
        return most[WIDTH + amount];
    }

    private boolean enough(int node, long[] needs) {
        int at = node * WIDTH;
        for (int amount = 0; amount < WIDTH; amount++) {
            if (most[at + amount] < needs[amount]) {
                return false;
            }
        }
        return true;
    }

    private void up(int node) {
        int at = node * WIDTH;
        int a = 2 * node * WIDTH;
        int b = a + WIDTH;
        for (int amount = 0; amount < WIDTH; amount++) {
            most[at + amount] = Math.max(most[a + amount], most[b + amount]);
        }
    }
}
