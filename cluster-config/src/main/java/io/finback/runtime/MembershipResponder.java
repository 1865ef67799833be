package io.finback.runtime;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import io.finback.runtime.MembershipMessage.IAm;
import io.finback.runtime.MembershipMessage.Incarnation;
import io.finback.runtime.MembershipMessage.WhoAreYou;
import java.util.Optional;

/** Answers {@link WhoAreYou}. One on every master, as {@code /system/finback-membership}. Keeps nothing. */
final class MembershipResponder extends AbstractBehavior<WhoAreYou> {
    static final String NAME = "finback-membership";

    private final Cluster cluster;

    private MembershipResponder(ActorContext<WhoAreYou> context) {
        super(context);
        cluster = Cluster.get(context.getSystem());
    }

    static Behavior<WhoAreYou> create() {
        return Behaviors.setup(MembershipResponder::new);
    }

    @Override
    public Receive<WhoAreYou> createReceive() {
        return newReceiveBuilder().onMessage(WhoAreYou.class, this::onWhoAreYou).build();
    }

    private Behavior<WhoAreYou> onWhoAreYou(WhoAreYou question) {
        boolean knows = false;
        boolean outside = true;
        Incarnation self = Incarnation.of(cluster.selfMember().uniqueAddress());
        for (Member member : cluster.state().getMembers()) {
            outside &= !Incarnation.of(member.uniqueAddress()).equals(self);
            knows |= Incarnation.of(member.uniqueAddress()).equals(question.sender())
                    && !member.status().equals(MemberStatus.down());
        }
        boolean up = cluster.selfMember().status().equals(MemberStatus.up());
        question.replyTo().tell(new IAm(self, up, knows, Optional.of(outside)));
        return this;
    }
}
