package io.finback.controlplane.service;

import io.finback.controlplane.app.EventIds;
import io.finback.controlplane.app.ServiceEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** The latest events as one master has heard them, and who listens here. Thread-safe; listeners must not block. */
public final class EventHub {
    private final int kept;
    private final Deque<ServiceEvent> latest = new ArrayDeque<>();
    private final Set<Consumer<ServiceEvent>> listeners = new LinkedHashSet<>();

    EventHub(int kept) {
        this.kept = kept;
    }

    synchronized void accept(ServiceEvent event) {
        latest.addLast(event);
        if (latest.size() > kept) {
            latest.removeFirst();
        }
        listeners.forEach(listener -> listener.accept(event));
    }

    /**
     * Adds a listener and returns what it has missed: everything after the event {@code after}. If this master does not know that one,
     * everything since its time, so that some may come a second time but none is left out that is still kept.
     */
    public synchronized List<ServiceEvent> listen(Optional<String> after, Consumer<ServiceEvent> listener) {
        listeners.add(listener);
        return after.map(this::since).orElse(List.of());
    }

    public synchronized void leave(Consumer<ServiceEvent> listener) {
        listeners.remove(listener);
    }

    public synchronized int listeners() {
        return listeners.size();
    }

    private List<ServiceEvent> since(String id) {
        List<ServiceEvent> found = new ArrayList<>();
        Iterator<ServiceEvent> newest = latest.descendingIterator();
        while (newest.hasNext()) {
            ServiceEvent event = newest.next();
            if (event.id().equals(id)) {
                java.util.Collections.reverse(found);
                return found;
            }
            found.add(event);
        }
        String time = EventIds.time(id);
        return latest.stream()
                .filter(e -> EventIds.time(e.id()).compareTo(time) >= 0)
                .toList();
    }
}
