package io.finback.controlplane.allocator;

import io.finback.resources.FrameworkId;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * Dominant resource fairness over one tier: an ordered set re-sorted one framework at a time, O(log frameworks) per change.
 * Source: Ghodsi et al., "Dominant Resource Fairness", NSDI 2011; apache/mesos {@code src/master/allocator/mesos/sorter/drf}.
 */
final class DominantShareSorter implements Sorter {
    private record Place(double share, FrameworkId framework) {}

    private final Map<FrameworkId, Place> places = new HashMap<>();
    private final TreeSet<Place> order =
            new TreeSet<>(Comparator.comparingDouble(Place::share).thenComparing(Place::framework));

    @Override
    public void add(FrameworkId framework) {
        if (!places.containsKey(framework)) {
            place(new Place(0, framework));
        }
    }

    @Override
    public void remove(FrameworkId framework) {
        Place place = places.remove(framework);
        if (place != null) {
            order.remove(place);
        }
    }

    @Override
    public void update(FrameworkId framework, double dominantShare) {
        Place place = places.get(framework);
        if (place != null && place.share() != dominantShare) {
            order.remove(place);
            place(new Place(dominantShare, framework));
        }
    }

    @Override
    public Iterable<FrameworkId> inOrder() {
        return () -> order.stream().map(Place::framework).iterator();
    }

    private void place(Place place) {
        places.put(place.framework(), place);
        order.add(place);
    }
}
