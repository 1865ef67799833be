package io.finback.controlplane.service;

import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.scheduler.Instance;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.concurrent.atomic.LongAdder;

/**
 * How long instances were up and down since this master began, summed over all: their rates give the uptime of the platform over any time.
 * Down is what should run and does not although nobody is changing the app; what a deployment starts, moves or ends is neither.
 * Thread-safe; looked at by one thread. Source of the idea: Apache Aurora's {@code sla_cluster_platform_uptime_percent}.
 */
public final class Uptimes {
    private final LongAdder upMillis = new LongAdder();
    private final LongAdder downMillis = new LongAdder();
    private Instant looked;

    Uptimes(Instant now) {
        this.looked = now;
    }

    /** Adds the time since the last look as it is now. */
    void look(Collection<AppSnapshot> apps, Instant now) {
        long millis = Math.max(0, Duration.between(looked, now).toMillis());
        looked = now;
        for (AppSnapshot app : apps) {
            long running = app.instances().stream()
                    .filter(i -> i.phase() == Instance.Phase.RUNNING)
                    .count();
            upMillis.add(running * millis);
            int wanted = app.current().map(v -> v.definition().instances()).orElse(0);
            if (app.lock().isEmpty()) {
                downMillis.add(Math.max(0, wanted - running) * millis);
            }
        }
    }

    public double upSeconds() {
        return upMillis.sum() / 1000.0;
    }

    public double downSeconds() {
        return downMillis.sum() / 1000.0;
    }
}
