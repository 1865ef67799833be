package io.finback.controlplane.app;

import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;

/** Ids of events: the time in milliseconds, so that any master can tell what is newer, and chance. */
public final class EventIds {
    private static final int TIME_DIGITS = 13;

    private EventIds() {}

    public static String next(Instant now) {
        return "%013d-%08x"
                .formatted(now.toEpochMilli(), ThreadLocalRandom.current().nextInt());
    }

    /** The part that says when; of any text its beginning. */
    public static String time(String id) {
        return id.substring(0, Math.min(TIME_DIGITS, id.length()));
    }
}
