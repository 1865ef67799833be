package io.finback.controlplane.allocator;

import java.util.Arrays;

/**
 * Places sorted by {@link Place#compareSettled}: an array, found by halving and moved by one copy, because a pass walks it far more often than
 * it changes and a thousand references are moved in less time than a tree node is found.
 */
final class Order<T extends Place> {
    private Place[] places = new Place[4];
    private int size;

    int size() {
        return size;
    }

    @SuppressWarnings("unchecked") // only Ts are added
    T get(int index) {
        return (T) places[index];
    }

    void add(T place) {
        int at = -find(place) - 1;
        if (at < 0) {
            throw new IllegalStateException(place.name + " stands in the order already");
        }
        if (size == places.length) {
            places = Arrays.copyOf(places, size * 2);
        }
        System.arraycopy(places, at, places, at + 1, size - at);
        places[at] = place;
        size++;
    }

    void remove(T place) {
        int at = find(place);
        if (at < 0) {
            throw new IllegalStateException(place.name + " does not stand in the order");
        }
        System.arraycopy(places, at + 1, places, at, size - at - 1);
        size--;
        Arrays.fill(places, size, size + 1, null);
    }

    void clear() {
        Arrays.fill(places, 0, size, null);
        size = 0;
    }

    /** Settles everyone and sorts anew: for when all shares changed at once. */
    void resort() {
        for (int i = 0; i < size; i++) {
            places[i].settle();
        }
        Arrays.sort(places, 0, size, Place::compareSettled);
    }

    private int find(Place place) {
        int low = 0;
        int high = size - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = places[middle].compareSettled(place);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -low - 1;
    }
}
