package io.finback.controlplane.service;

import java.time.Duration;

/**
 * The event stream of one master.
 *
 * @param kept events a reader that comes back may still get
 * @param buffer events that wait for one reader; one that is slower is disconnected
 * @param readers at most so many at once
 * @param heartbeat a line is sent after so long without an event
 */
public record EventSettings(int kept, int buffer, int readers, Duration heartbeat) {
    public static final EventSettings DEFAULTS = new EventSettings(10_000, 1024, 256, Duration.ofSeconds(15));
}
