package io.finback.controlplane.service;

import io.finback.controlplane.app.EventIds;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.app.ServiceEvent;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Tells what becomes of the built-in scheduler's subscription, as seen from this master. Thread-safe. */
final class ConnectionNews {
    private final Consumer<ServiceEvent> publish;
    private final String address;
    /** The scheduler has been connected here before. */
    private final AtomicBoolean wasConnected = new AtomicBoolean();

    /** Tells as the master of this {@code address}. */
    ConnectionNews(Consumer<ServiceEvent> publish, String address) {
        this.publish = publish;
        this.address = address;
    }

    void told(boolean connected) {
        ServiceEvent.Connection what = ServiceEvent.Connection.DISCONNECTED;
        if (connected) {
            what = wasConnected.getAndSet(true)
                    ? ServiceEvent.Connection.REREGISTERED
                    : ServiceEvent.Connection.REGISTERED;
        }
        Instant now = Instant.now();
        publish.accept(new ServiceEvent.SchedulerChanged(
                EventIds.next(now), now, what, SchedulerMessage.FRAMEWORK.value(), address));
    }
}
