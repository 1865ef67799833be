package io.finback.controlplane.view;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The last events of one view, numbered from 1 without a gap. The only buffer between a view and whoever follows it: a follower keeps
 * a number and nothing else, so a thousand of them cost no more memory than one, and one that falls further behind than this
 * log reaches has lost its place and must begin with a snapshot again. Thread-safe.
 */
public final class EventLog {
    private final List<Optional<Page<Entry>>> ring;
    private final List<Runnable> followers = new CopyOnWriteArrayList<>();
    private long last;
    private long first;

    /** @param capacity events kept, at least 1 */
    public EventLog(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity: " + capacity + " (expected: >= 1)");
        }
        ring = new ArrayList<>(Collections.nCopies(capacity, Optional.empty()));
    }

    /** One event and its number. */
    public record Entry(long number, ClusterEvent event) {}

    /** The number of the newest event; 0 before the first. */
    public synchronized long last() {
        return last;
    }

    /**
     * At most {@code most} events behind {@code number}, oldest first; empty if some of them are no longer here, or do not exist.
     * Each is a page of its own, so that what one reader makes of it serves all.
     */
    public synchronized Optional<List<Page<Entry>>> after(long number, int most) {
        if (number > last || number < Math.max(first, last - ring.size())) {
            return Optional.empty();
        }
        List<Page<Entry>> events = new ArrayList<>();
        for (long next = number + 1; next <= last && events.size() < most; next++) {
            ring.get((int) (next % ring.size())).ifPresent(events::add);
        }
        return Optional.of(events);
    }

    /** Calls {@code follower} after every append, on the view's thread: it must only pass the word on. Run the result to end it. */
    public Runnable follow(Runnable follower) {
        followers.add(follower);
        return () -> followers.remove(follower);
    }

    /** Numbers and keeps these. Returns the newest number. Followers hear of it by {@link #wake}. */
    @CanIgnoreReturnValue
    synchronized long append(List<ClusterEvent> events) {
        for (ClusterEvent event : events) {
            last++;
            ring.set((int) (last % ring.size()), Optional.of(new Page<>(List.of(new Entry(last, event)))));
        }
        return last;
    }

    /** Nothing is known of what happened since the newest event: who stands there, or before, has lost its place. */
    synchronized void breakOff() {
        last++;
        first = last;
    }

    /** After the snapshot that has these events can be read. */
    void wake() {
        followers.forEach(Runnable::run);
    }
}
