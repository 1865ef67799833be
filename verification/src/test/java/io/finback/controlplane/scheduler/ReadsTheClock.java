package io.finback.controlplane.scheduler;

import java.time.Instant;

/** Breaks a rule of the architecture on purpose (ArchitectureTest). */
public record ReadsTheClock(Instant at) {
    public static ReadsTheClock create() {
        return new ReadsTheClock(Instant.now());
    }
}
