package io.finback.runtime;

import akka.actor.ActorRef;
import akka.actor.Address;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Extension;
import akka.actor.typed.ExtensionId;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.ClusterEvent.MemberEvent;
import akka.cluster.ClusterEvent.MemberRemoved;
import akka.cluster.ClusterEvent.MemberUp;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Subscribe;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * How long each master has been a member, as this one has seen it: of those that were there before it, as long as itself. The coordinator of a
 * kind of entity runs on the oldest master, which has seen all others come, also when it is coordinator only since the one before it is gone.
 * One for each ActorSystem, from the first kind of entity on. Thread-safe.
 */
final class MasterAges implements Extension {
    private static final class Id extends ExtensionId<MasterAges> {
        @Override
        public MasterAges createExtension(ActorSystem<?> system) {
            MasterAges ages = new MasterAges(Cluster.get(system).selfMember().address(), System::nanoTime);
            var unused = system.systemActorOf(ages.watch(), "finback-master-ages", Props.empty());
            return ages;
        }
    }

    private static final Id ID = new Id();

    private final Address self;
    private final LongSupplier nanoTime;
    private final Map<Address, Long> since = new ConcurrentHashMap<>();

    private MasterAges(Address self, LongSupplier nanoTime) {
        this.self = self;
        this.nanoTime = nanoTime;
    }

    static MasterAges of(ActorSystem<?> system) {
        return ID.apply(system);
    }

    /** Zero of one that is no member, or not yet known as one. */
    Duration age(ActorRef actor) {
        Address there = actor.path().address();
        Long up = since.get(there.hasLocalScope() ? self : there);
        return up == null ? Duration.ZERO : Duration.ofNanos(nanoTime.getAsLong() - up);
    }

    private Behavior<MemberEvent> watch() {
        return Behaviors.setup(context -> {
            Cluster.get(context.getSystem())
                    .subscriptions()
                    .tell(Subscribe.create(context.getSelf(), MemberEvent.class));
            return Behaviors.receive(MemberEvent.class)
                    .onMessage(MemberUp.class, up -> {
                        if (up.member().hasRole(Role.MASTER.id())) {
                            // A new incarnation at an address comes up after the old one was removed.
                            since.put(up.member().address(), nanoTime.getAsLong());
                        }
                        return Behaviors.same();
                    })
                    .onMessage(MemberRemoved.class, removed -> {
                        since.remove(removed.member().address());
                        return Behaviors.same();
                    })
                    .onAnyMessage(other -> Behaviors.same())
                    .build();
        });
    }
}
