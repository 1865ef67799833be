package io.finback.runtime;

import akka.event.EventStream;
import akka.remote.PhiAccrualFailureDetector;
import com.typesafe.config.Config;

/**
 * Akka's own failure detector, which also takes {@link CrashWatch}'s word: where nobody listens any more there is nothing to wait for. Named
 * in {@code finback-cluster.conf}; Akka makes one per member it watches and tells it the address. Thread-safe.
 */
public final class CrashAwareFailureDetector extends PhiAccrualFailureDetector {

    public CrashAwareFailureDetector(Config config, EventStream events) {
        super(config, events);
    }

    @Override
    public boolean isAvailable() {
        return super.isAvailable() && !CrashedMasters.contains(address());
    }
}
