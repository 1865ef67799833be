package io.finback.controlplane.service;

import io.finback.controlplane.app.ServiceEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/**
 * The events that wait to be posted, URL by URL: in order, one under way at a time, each tried a few times. A URL that does not answer
 * holds up nobody else, and loses its oldest events once too many wait. Confined to the actor that posts.
 */
final class CallbackQueues {
    private static final class Line {
        final Deque<ServiceEvent> waiting = new ArrayDeque<>();
        boolean underWay;
        int failures;
        Instant notBefore = Instant.EPOCH;
    }

    private final CallbackSettings settings;
    private final Map<String, Line> lines = new HashMap<>();
    private final LongAdder lost;

    /** {@code lost}: counts events that never arrive. */
    CallbackQueues(CallbackSettings settings, LongAdder lost) {
        this.lost = lost;
        this.settings = settings;
    }

    void add(Set<String> urls, ServiceEvent event) {
        lines.keySet().retainAll(urls);
        for (String url : urls) {
            Line line = lines.computeIfAbsent(url, u -> new Line());
            line.waiting.addLast(event);
            if (line.waiting.size() > settings.queue()) {
                line.waiting.removeFirst();
                lost.increment();
                // What is under way is no longer the first: its result must not take the next one away.
                line.failures = 0;
            }
        }
    }

    /** The event to post to {@code url} now, which is then under way. */
    Optional<ServiceEvent> next(String url, Instant now) {
        Line line = lines.get(url);
        if (line == null || line.underWay || line.waiting.isEmpty() || now.isBefore(line.notBefore)) {
            return Optional.empty();
        }
        line.underWay = true;
        return Optional.of(line.waiting.getFirst());
    }

    /** What became of the event under way. Returns how long to wait before the next attempt; zero: none. */
    Duration ended(String url, ServiceEvent event, boolean taken, Instant now) {
        Line line = lines.get(url);
        if (line == null) {
            return Duration.ZERO;
        }
        line.underWay = false;
        boolean first = event.equals(line.waiting.peekFirst());
        if (taken || !first) {
            if (first) {
                line.waiting.removeFirst();
            }
            line.failures = 0;
            return Duration.ZERO;
        }
        line.failures++;
        Duration wait = settings.retry().multipliedBy(1L << Math.min(20, line.failures - 1));
        if (line.failures >= settings.attempts()) {
            line.waiting.removeFirst();
            line.failures = 0;
            lost.increment();
        }
        line.notBefore = now.plus(wait);
        return wait;
    }

    /** Events that never arrived. */
    long lost() {
        return lost.sum();
    }
}
