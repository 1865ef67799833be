package io.finback.runtime;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import com.typesafe.config.Config;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps an agent or router in the cluster while its own work lives elsewhere: the member is an ActorSystem of its own, made anew
 * whenever it ends (downed, quarantined, or its masters are new incarnations), so that losing the control plane stops no task and no
 * traffic. Thread-safe.
 *
 * <p>{@code guardian} is called for every incarnation, on a thread of this class. It may {@code tell} actors of the node's own system
 * (both live in this JVM), and must not be told by name from outside.
 */
public final class ClusterLink {
    private static final Logger log = LoggerFactory.getLogger(ClusterLink.class);

    private final Config settings;
    private final Role role;
    private final Supplier<Behavior<Void>> guardian;
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();
    private @Nullable ActorSystem<Void> current;
    private boolean stopping;

    private ClusterLink(Config settings, Role role, Supplier<Behavior<Void>> guardian) {
        this.settings = settings;
        this.role = role;
        this.guardian = guardian;
    }

    /** Starts the first incarnation. Throws {@link StartFailure} when its address cannot be bound. */
    public static ClusterLink start(Config settings, Role role, Supplier<Behavior<Void>> guardian) {
        ClusterLink link = new ClusterLink(settings, role, guardian);
        link.open();
        return link;
    }

    /** Leaves the cluster and ends the member. Idempotent. */
    public synchronized CompletionStage<Void> stop() {
        stopping = true;
        if (current == null) {
            stopped.complete(null);
        } else {
            current.terminate();
        }
        return stopped;
    }

    private synchronized void open() {
        ActorSystem<Void> system = ClusterSystem.member(guardian.get(), settings, role);
        current = system;
        system.getWhenTerminated().whenComplete((done, failure) -> ended());
    }

    private synchronized void ended() {
        current = null;
        if (stopping) {
            stopped.complete(null);
            return;
        }
        log.warn("cluster.link_ended role={} next=join_again", role.id());
        open();
    }
}
