package io.finback.controlplane.boot;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import io.finback.controlplane.agent.AgentSession;
import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.allocation.AllocatorActor;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocation.AllocatorMeter;
import io.finback.controlplane.allocation.MasterLossWatch;
import io.finback.controlplane.framework.AgentStanding;
import io.finback.controlplane.framework.FrameworkActor;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.FrameworkKeeper;
import io.finback.controlplane.framework.FrameworkSignal;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.persistence.EventFeed;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.runtime.MasterSharding;
import io.finback.runtime.Role;
import io.finback.security.Rules;
import io.finback.wire.AgentSessionMessage;
import java.time.Clock;
import java.util.function.Function;

/** Makes the master's own entities known to cluster sharding. */
final class Entities {
    private Entities() {}

    static void init(
            ActorSystem<?> system,
            MasterSettings settings,
            ActorRef<AllocationDelta> allocationViews,
            ActorRef<FrameworkDelta> frameworkViews,
            Function<AgentId, AgentStanding> agents,
            AllocatorMeter meter,
            Rules rules) {
        ClusterSharding sharding = ClusterSharding.get(system);
        Clock clock = Clock.systemUTC();
        String masters = Role.MASTER.id();
        AllocatorActor.Collaborators allocator =
                AllocatorActor.Collaborators.sharded(settings.allocator(), clock, allocationViews, sharding, meter);
        FrameworkActor.Collaborators framework = FrameworkActor.Collaborators.sharded(
                settings.framework(), clock, frameworkViews, agents, sharding, rules);
        AgentSession.Collaborators agent = AgentSession.Collaborators.sharded(settings.agent(), clock, sharding);
        MasterSharding.init(
                system,
                Entity.of(AllocatorMessage.KEY, entity -> AllocatorActor.create(entity.getEntityId(), allocator)));
        MasterSharding.init(
                system,
                Entity.of(
                        SchedulerCall.KEY,
                        entity -> FrameworkActor.create(
                                FrameworkId.of(entity.getEntityId()), framework, self -> entity.getShard()
                                        .tell(new ClusterSharding.Passivate<>(self)))));
        MasterSharding.init(
                system,
                Entity.of(
                        AgentSessionMessage.KEY,
                        entity -> AgentSession.create(AgentId.of(entity.getEntityId()), agent)));
        var unusedWatch = system.systemActorOf(
                MasterLossWatch.create(
                        masters, message -> sharding.entityRefFor(AllocatorMessage.KEY, AllocatorMessage.POOL)
                                .tell(message)),
                "master-loss-watch",
                Props.empty());
        var unused = system.systemActorOf(
                FrameworkKeeper.create(
                        () -> EventFeed.of(system).entityIds(SchedulerCall.KEY.name()),
                        id -> sharding.entityRefFor(SchedulerCall.KEY, id).tell(new FrameworkSignal.Wake())),
                "framework-keeper",
                Props.empty());
    }
}
