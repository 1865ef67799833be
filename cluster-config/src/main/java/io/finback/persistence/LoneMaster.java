package io.finback.persistence;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.ClusterEvent.MemberEvent;
import akka.cluster.ClusterEvent.MemberJoined;
import akka.cluster.ClusterEvent.MemberUp;
import akka.cluster.Member;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Subscribe;

/**
 * Ends the system when a second master becomes a member: entities would move between two journals that know nothing of each other, and
 * nothing would refuse the second writer. One per LevelDB master; both masters end, for neither can know which one is meant to stay.
 */
final class LoneMaster {
    /** The cluster role of masters; what {@code runtime} calls it, which is above this room. */
    private static final String MASTER_ROLE = "master";

    private LoneMaster() {}

    static Behavior<MemberEvent> create() {
        return Behaviors.setup(context -> {
            Cluster cluster = Cluster.get(context.getSystem());
            cluster.subscriptions().tell(Subscribe.create(context.getSelf(), MemberEvent.class));
            return Behaviors.receive(MemberEvent.class)
                    .onMessage(MemberJoined.class, event -> check(context, cluster, event.member()))
                    .onMessage(MemberUp.class, event -> check(context, cluster, event.member()))
                    .onAnyMessage(event -> Behaviors.same())
                    .build();
        });
    }

    private static Behavior<MemberEvent> check(ActorContext<MemberEvent> context, Cluster cluster, Member member) {
        boolean other = !member.uniqueAddress().equals(cluster.selfMember().uniqueAddress());
        if (other && member.hasRole(MASTER_ROLE)) {
            context.getLog()
                    .error(
                            "persistence.second_master member={} profile=leveldb next=end expected='one master, or {}=postgres'",
                            member.address(),
                            Profile.KEY);
            context.getSystem().terminate();
            return Behaviors.stopped();
        }
        return Behaviors.same();
    }
}
