package io.finback.controlplane.naming;

import akka.NotUsed;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.stream.javadsl.Source;
import io.finback.controlplane.dtabs.DtabState;
import io.finback.runtime.MasterSharding;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** The naming half of one master, wired: namespaces and the view. Thread-safe. */
public final class Naming {
    private final ClusterSharding sharding;
    private final Duration askTimeout;
    private final NamesView view = new NamesView();
    private final CompletableFuture<Void> ready = new CompletableFuture<>();

    private Naming(ActorSystem<?> system, Supplier<Source<String, NotUsed>> journal, Duration askTimeout) {
        this.sharding = ClusterSharding.get(system);
        this.askTimeout = askTimeout;
        ActorRef<NamesReplica.Command> replica = system.systemActorOf(
                NamesReplica.create(view, journal, this::wake, ready), "finback-names", Props.empty());
        var unusedApps = system.systemActorOf(AppsReplica.create(view), "finback-apps-replica", Props.empty());
        MasterSharding.init(
                system,
                Entity.of(
                        DtabMessage.KEY,
                        entity -> DtabNamespace.create(
                                entity.getEntityId(), snapshot -> replica.tell(new NamesReplica.Said(snapshot)))));
    }

    /** {@code journal}: lists all namespaces there ever were. */
    public static Naming start(ActorSystem<?> system, Supplier<Source<String, NotUsed>> journal, Duration askTimeout) {
        return new Naming(system, journal, askTimeout);
    }

    private void wake(String namespace) {
        sharding.entityRefFor(DtabMessage.KEY, namespace).tell(new DtabMessage.Wake());
    }

    public NamesView view() {
        return view;
    }

    /** Completes when the view knows every namespace there was at the start. */
    public CompletionStage<Void> ready() {
        return ready;
    }

    /** Asks the namespace itself; what it answers is in the view before the stage completes. Fails with a timeout. */
    public CompletionStage<DtabMessage.Answer> change(String namespace, DtabState.Write write) {
        return sharding.entityRefFor(DtabMessage.KEY, namespace)
                .<DtabMessage.Answer>ask(replyTo -> new DtabMessage.Change(write, replyTo), askTimeout)
                .thenApply(this::seen);
    }

    /** As it is now. Fails with a timeout. */
    public CompletionStage<DtabMessage.Answer> read(String namespace) {
        return sharding.entityRefFor(DtabMessage.KEY, namespace)
                .<DtabMessage.Answer>ask(DtabMessage.Read::new, askTimeout)
                .thenApply(this::seen);
    }

    private DtabMessage.Answer seen(DtabMessage.Answer answer) {
        if (answer.now().version() > 0) {
            view.apply(answer.now());
        }
        return answer;
    }
}
