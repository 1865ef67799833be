package io.finback.controlplane.naming;

import akka.NotUsed;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.ddata.LWWMap;
import akka.cluster.ddata.SelfUniqueAddress;
import akka.cluster.ddata.typed.javadsl.DistributedData;
import akka.cluster.ddata.typed.javadsl.Replicator;
import akka.cluster.ddata.typed.javadsl.ReplicatorMessageAdapter;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import io.finback.wire.DtabKeys;
import io.finback.wire.DtabSnapshot;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Keeps one master's {@link NamesView} by distributed data, and writes there what this master's namespaces say. At its start it wakes every
 * namespace of the journal that nobody has spoken of, some at a time, until each has spoken. One per master; nothing persisted.
 */
final class NamesReplica extends AbstractBehavior<NamesReplica.Command> {
    sealed interface Command {}

    /** A namespace's entity on this master says what it holds. */
    record Said(DtabSnapshot snapshot) implements Command {}

    private record Dtabs(Replicator.SubscribeResponse<LWWMap<String, DtabSnapshot>> response) implements Command {}

    private record Written(Replicator.UpdateResponse<LWWMap<String, DtabSnapshot>> response) implements Command {}

    private record Listed(List<String> namespaces) implements Command {}

    private record ListingFailed(Throwable failure) implements Command {}

    private enum Relist implements Command {
        INSTANCE
    }

    private enum Again implements Command {
        INSTANCE
    }

    private static final Duration WRITE = Duration.ofSeconds(1);
    private static final Duration ANSWER = Duration.ofSeconds(3);
    private static final Duration AGAIN = Duration.ofMillis(500);
    /** Namespaces that are woken at once: recoveries read the journal. */
    private static final int AT_ONCE = 50;

    private final NamesView view;
    private final Supplier<Source<String, NotUsed>> journal;
    private final Consumer<String> wake;
    private final CompletableFuture<Void> ready;
    private final TimerScheduler<Command> timers;
    private final SelfUniqueAddress node;
    private final ReplicatorMessageAdapter<Command, LWWMap<String, DtabSnapshot>> dtabs;
    private final Deque<String> silent = new ArrayDeque<>();

    /**
     * The replica of one master.
     *
     * @param journal lists all namespaces there ever were
     * @param wake wakes one
     * @param ready completes when the view knows every namespace there was at the start
     */
    static Behavior<Command> create(
            NamesView view,
            Supplier<Source<String, NotUsed>> journal,
            Consumer<String> wake,
            CompletableFuture<Void> ready) {
        Behavior<Command> behavior = Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new NamesReplica(context, timers, view, journal, wake, ready)));
        return Behaviors.supervise(behavior)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.1));
    }

    private NamesReplica(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            NamesView view,
            Supplier<Source<String, NotUsed>> journal,
            Consumer<String> wake,
            CompletableFuture<Void> ready) {
        super(context);
        this.timers = timers;
        this.view = view;
        this.journal = journal;
        this.wake = wake;
        this.ready = ready;
        DistributedData data = DistributedData.get(context.getSystem());
        this.node = data.selfUniqueAddress();
        this.dtabs = new ReplicatorMessageAdapter<>(context, data.replicator(), ANSWER);
        DtabKeys.all().forEach(key -> dtabs.subscribe(key, Dtabs::new));
        context.getSelf().tell(Relist.INSTANCE);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Said.class, this::onSaid)
                .onMessage(Dtabs.class, this::onDtabs)
                .onMessage(Written.class, m -> this)
                .onMessage(Listed.class, this::onListed)
                .onMessage(ListingFailed.class, this::onListingFailed)
                .onMessage(Relist.class, m -> list())
                .onMessage(Again.class, m -> wakeSome())
                .build();
    }

    private Behavior<Command> onSaid(Said m) {
        view.apply(m.snapshot());
        dtabs.askUpdate(
                replyTo -> new Replicator.Update<>(
                        DtabKeys.of(m.snapshot().namespace()),
                        LWWMap.create(),
                        new Replicator.WriteMajority(WRITE),
                        replyTo,
                        map -> map.put(node, m.snapshot().namespace(), m.snapshot(), DtabKeys.clock())),
                Written::new);
        return this;
    }

    private Behavior<Command> onDtabs(Dtabs m) {
        if (m.response() instanceof Replicator.Changed<LWWMap<String, DtabSnapshot>> changed) {
            changed.dataValue().getEntries().values().forEach(view::apply);
        }
        return this;
    }

    private Behavior<Command> list() {
        CompletableFuture<List<String>> all;
        try {
            all = journal.get().runWith(Sink.seq(), getContext().getSystem()).toCompletableFuture();
        } catch (IllegalStateException e) {
            all = CompletableFuture.failedFuture(e); // the node is ending
        }
        getContext()
                .pipeToSelf(
                        all,
                        (names, failure) ->
                                failure == null ? new Listed(List.copyOf(names)) : new ListingFailed(failure));
        return this;
    }

    private Behavior<Command> onListed(Listed m) {
        silent.addAll(m.namespaces());
        return wakeSome();
    }

    private Behavior<Command> onListingFailed(ListingFailed m) {
        getContext()
                .getLog()
                .warn("dtabs.listing_failed reason={} next=retry", m.failure().getMessage());
        timers.startSingleTimer(Relist.INSTANCE, ANSWER);
        return this;
    }

    private Behavior<Command> wakeSome() {
        silent.removeIf(view::knows);
        if (silent.isEmpty()) {
            ready.complete(null);
            return this;
        }
        silent.stream().limit(AT_ONCE).forEach(wake);
        timers.startSingleTimer(Again.INSTANCE, AGAIN);
        return this;
    }
}
