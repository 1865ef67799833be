package io.finback.controlplane.framework;

import akka.actor.Address;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.javadsl.ActorContext;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import java.util.Set;
import java.util.function.Function;

/** How a framework's actor deals with the actor of its scheduler, wherever in the cluster that is. */
final class SchedulerHost<M> implements SubscriptionDesk.Host {
    private static final Set<MemberStatus> THERE =
            Set.of(MemberStatus.up(), MemberStatus.weaklyUp(), MemberStatus.joining());

    private final ActorContext<M> context;
    private final Function<ActorRef<SchedulerEvent>, M> gone;

    SchedulerHost(ActorContext<M> context, Function<ActorRef<SchedulerEvent>, M> gone) {
        this.context = context;
        this.gone = gone;
    }

    @Override
    public String address(ActorRef<SchedulerEvent> scheduler) {
        return ActorRefResolver.get(context.getSystem()).toSerializationFormat(scheduler);
    }

    @Override
    public void watch(ActorRef<SchedulerEvent> scheduler) {
        context.watchWith(scheduler, gone.apply(scheduler));
    }

    @Override
    public void unwatch(ActorRef<SchedulerEvent> scheduler) {
        context.unwatch(scheduler);
    }

    @Override
    public boolean wentWithItsMaster(ActorRef<SchedulerEvent> scheduler) {
        Cluster cluster = Cluster.get(context.getSystem());
        Address given = scheduler.path().address();
        Address node = given.hasLocalScope() ? cluster.selfMember().address() : given;
        for (Member member : cluster.state().getMembers()) {
            if (member.address().equals(node)) {
                return !THERE.contains(member.status())
                        || cluster.state().getUnreachable().contains(member);
            }
        }
        return true;
    }
}
