package io.finback.security;

import akka.actor.AbstractExtensionId;
import akka.actor.ClassicActorSystemProvider;
import akka.actor.ExtendedActorSystem;
import akka.actor.Extension;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/** What the guards before all ports of one node have turned away, told by the port that serves its metrics. One per ActorSystem. Thread-safe. */
public final class Refusals implements Extension {
    private static final Id ID = new Id();

    private final List<Guard> guards = new CopyOnWriteArrayList<>();

    private Refusals() {}

    public static Refusals of(ClassicActorSystemProvider system) {
        return ID.get(system);
    }

    /** For as long as the system: one of each port. */
    void add(Guard guard) {
        guards.add(guard);
    }

    /** In Prometheus' text format. */
    public String prometheus() {
        return guards.stream()
                .map(Guard::prometheus)
                .collect(Collectors.joining("", "# TYPE finback_http_refused_total counter\n", ""));
    }

    private static final class Id extends AbstractExtensionId<Refusals> {
        @Override
        public Refusals createExtension(ExtendedActorSystem system) {
            return new Refusals();
        }
    }
}
