package io.finback.runtime;

import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import com.typesafe.config.Config;
import io.finback.settings.ClusterSettings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps an agent or router in the cluster while its own work lives elsewhere: the member is an ActorSystem of its own, made anew
 * whenever it ends (downed, quarantined, or its masters are new incarnations), so that losing the control plane stops no task and no
 * traffic. Absent masters are waited for, without limit and without a line per attempt. Thread-safe.
 *
 * <p>{@code guardian} is called for every incarnation, on a thread of this class. It may {@code tell} actors of the node's own system
 * (both live in this JVM), and must not be told by name from outside.
 */
public final class ClusterLink {
    private static final Logger log = LoggerFactory.getLogger(ClusterLink.class);

    private static final Duration FIRST_BACKOFF = Duration.ofMillis(200);
    private static final Duration MAX_BACKOFF = Duration.ofSeconds(5);
    /** An incarnation that lived this long was no failed attempt: the next one is made at once. */
    private static final Duration LIVED = Duration.ofSeconds(3);

    /** A master that answers again may have been why this node is removed a moment later. */
    private static final Duration SILENCE_COUNTS = Duration.ofSeconds(15);

    private static final Duration LEAVE_TAKES = Duration.ofSeconds(5);

    private final Config settings;
    private final Role role;
    private final MasterLookup masters;
    private final ClusterSettings.Rejoin rejoin;
    private final Supplier<Behavior<Void>> guardian;
    private final CompletableFuture<Void> firstUp = new CompletableFuture<>();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread made = new Thread(task, "finback-cluster-link");
        made.setDaemon(true);
        return made;
    });

    private @Nullable ActorSystem<Void> current;
    private boolean up;
    private boolean stopping;
    private long madeNanos;
    private int failures;
    private long upNanos;
    private boolean removed;
    private boolean answered;
    private Set<String> silent = Set.of();
    private long silentNanos = System.nanoTime();
    private LinkHistory history = LinkHistory.NONE;

    private ClusterLink(Config settings, Role role, Supplier<Behavior<Void>> guardian) {
        this.settings = settings;
        this.role = role;
        this.guardian = guardian;
        ClusterSettings cluster = ClusterSettings.from(settings);
        masters = MasterLookup.of(cluster);
        rejoin = cluster.rejoin();
    }

    /** Starts the first incarnation. Throws {@link StartFailure} when there are no seeds or its address cannot be bound. */
    public static ClusterLink start(Config settings, Role role, Supplier<Behavior<Void>> guardian) {
        ClusterLink link = new ClusterLink(settings, role, guardian);
        if (link.masters.seeds().isEmpty() && !link.masters.asks()) {
            throw new StartFailure("finback.cluster.seeds: [] (expected: \"host:port\" of the masters, or a"
                    + " finback.cluster.discovery.method that finds them, for the role " + role.id() + ")");
        }
        link.open();
        return link;
    }

    /** The member of now; empty while one is being made and after {@link #stop}. It may end at any time. */
    public synchronized Optional<ActorSystem<Void>> current() {
        return Optional.ofNullable(current);
    }

    /** Whether the member of now is up in a cluster; for readiness. */
    public synchronized boolean connected() {
        return up;
    }

    /**
     * How it goes.
     *
     * @param up as {@link #connected}
     * @param removals how often in a row it was removed although masters answer, each time before {@code finback.cluster.rejoin.settled-after}
     * @param waits before it joins again after another removal
     * @param silent masters that do not answer this node: now, or when it was removed last
     */
    record Health(boolean up, int removals, Duration waits, List<String> silent) {
        Health {
            silent = List.copyOf(silent);
        }
    }

    synchronized Health health() {
        LinkHistory now = up ? history.lasting(age(upNanos), rejoin) : history;
        Set<String> mute = up && !silent.isEmpty() ? silent : now.silent();
        return new Health(
                up,
                now.removals(),
                now.waitBeforeJoining(rejoin),
                mute.stream().sorted().toList());
    }

    private static Duration age(long sinceNanos) {
        return Duration.ofNanos(System.nanoTime() - sinceNanos);
    }

    /** Completes when a member is up for the first time. */
    public CompletionStage<Void> firstUp() {
        return firstUp.minimalCompletionStage();
    }

    /** Leaves the cluster and ends the member. Idempotent. */
    public synchronized CompletionStage<Void> stop() {
        if (!stopping) {
            stopping = true;
            ActorSystem<Void> system = current;
            if (system == null) {
                finish();
            } else if (up) {
                var unused = CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.actorSystemTerminateReason());
                later(LEAVE_TAKES, system::terminate);
            } else {
                // Nobody to say goodbye to; a leave would wait for a leader that is not there.
                system.terminate();
            }
        }
        return stopped.minimalCompletionStage();
    }

    private synchronized void open() {
        ActorSystem<Void> system = ClusterSystem.linked(guardian.get(), settings, role);
        current = system;
        madeNanos = System.nanoTime();
        var unused = system.systemActorOf(
                MembershipProbe.create(masters, new Incarnation(system)), "finback-membership-probe", Props.empty());
        system.getWhenTerminated().whenComplete((done, failure) -> ended());
    }

    private void reopen() {
        synchronized (this) {
            if (stopping) {
                finish();
                return;
            }
        }
        try {
            open();
        } catch (RuntimeException e) {
            failed(e);
        }
    }

    /** Most likely the port, which the last incarnation or somebody else holds. */
    private synchronized void failed(RuntimeException e) {
        if (failures++ == 0) {
            log.warn("cluster.link_not_made role={} reason=\"{}\" next=retry", role.id(), e.getMessage());
        }
        later(backoff(), this::reopen);
    }

    private synchronized void ended() {
        current = null;
        boolean thrownOut = (up && answered) || removed;
        up = false;
        removed = false;
        answered = false;
        if (stopping) {
            finish();
            return;
        }
        if (thrownOut) {
            joinAfterRemoval();
            return;
        }
        boolean lived = System.nanoTime() - madeNanos > LIVED.toNanos();
        failures = lived ? 0 : failures + 1;
        if (failures <= 1) {
            log.warn("cluster.link_ended role={} next=join_again", role.id());
        }
        later(lived ? Duration.ZERO : backoff(), this::reopen);
    }

    /** Some master answers, so it is not that there is no cluster. */
    private void joinAfterRemoval() {
        failures = 0;
        history = history.removed(age(upNanos), silent, rejoin);
        silent = Set.of();
        Duration wait = history.waitBeforeJoining(rejoin);
        if (history.isWorthALine()) {
            log.warn(
                    "cluster.link_removed role={} removals={} silent={} waitMs={} next=join_again; the cluster removed this node"
                            + " although masters answer it: see that the network between it and the silent masters works both ways",
                    role.id(),
                    history.removals(),
                    history.silent(),
                    wait.toMillis());
        }
        later(wait, this::reopen);
    }

    private Duration backoff() {
        long millis = FIRST_BACKOFF.toMillis() << Math.min(failures - 1, 6);
        return Duration.ofMillis(Math.min(Math.max(millis, 0), MAX_BACKOFF.toMillis()));
    }

    private void later(Duration delay, Runnable task) {
        var unused = thread.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    private synchronized void finish() {
        stopped.complete(null);
        thread.shutdownNow();
    }

    /** Hears the probe of one incarnation; what a former one says late is dropped. */
    private final class Incarnation implements MembershipProbe.Listener {
        private final ActorSystem<Void> system;

        Incarnation(ActorSystem<Void> system) {
            this.system = system;
        }

        @Override
        public void up() {
            synchronized (ClusterLink.this) {
                if (current != system) {
                    return;
                }
                up = true;
                upNanos = System.nanoTime();
                failures = 0;
            }
            log.info("cluster.link_up role={}", role.id());
            firstUp.complete(null);
        }

        @Override
        public void hears(Set<String> answering, Set<String> mute) {
            synchronized (ClusterLink.this) {
                if (current == system) {
                    answered = !answering.isEmpty();
                    // A new member does not know at once whom to ask.
                    if (!mute.isEmpty() && age(upNanos).compareTo(LIVED) > 0) {
                        silent = mute;
                        silentNanos = System.nanoTime();
                    } else if (age(silentNanos).compareTo(SILENCE_COUNTS) > 0) {
                        silent = Set.of();
                    }
                    history = history.lasting(age(upNanos), rejoin);
                }
            }
        }

        @Override
        public void clusterIsGone(String reason) {
            synchronized (ClusterLink.this) {
                if (current != system || stopping) {
                    return;
                }
                // A rejoin that was decided is no failure, however young the member.
                failures = 0;
                up = false;
                removed = reason.equals(MembershipProbe.FORGOTTEN);
            }
            log.info("cluster.link_left role={} reason={}", role.id(), reason);
            system.terminate();
        }
    }
}
