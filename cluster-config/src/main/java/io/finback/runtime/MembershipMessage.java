package io.finback.runtime;

import akka.actor.typed.ActorRef;
import akka.cluster.UniqueAddress;
import io.finback.wire.WireMessage;
import java.util.Optional;

/** What a {@link ClusterLink} asks masters and masters ask each other, and the answers. Told, never asked: a lost one is followed by the next. */
sealed interface MembershipMessage extends WireMessage {

    /** Who is at this address, and do you know the sender as a member? */
    record WhoAreYou(Incarnation sender, ActorRef<IAm> replyTo) implements MembershipMessage {}

    /**
     * The answer.
     *
     * @param member whether the answerer itself is up in a cluster
     * @param knowsYou whether that cluster holds the sender, in this incarnation
     * @param outside whether the answerer is in no cluster, nor on its way into one; earlier versions do not say
     */
    record IAm(Incarnation self, boolean member, boolean knowsYou, Optional<Boolean> outside)
            implements MembershipMessage {
        boolean isOutside() {
            return outside.orElse(!member);
        }
    }

    /** To the {@link CrashWatch} of another master: has the master at this address answered you lately? */
    record DoYouHear(String address, ActorRef<Hears> replyTo) implements MembershipMessage, CrashWatch.Command {}

    /** The answer of {@code observer}. */
    record Hears(String observer, String address, boolean heard) implements MembershipMessage {}

    /**
     * One life of a member: the same address after a restart has another uid.
     *
     * @param address as {@code akka://finback@host:port}
     */
    record Incarnation(String address, long uid) {
        static Incarnation of(UniqueAddress unique) {
            return new Incarnation(unique.address().toString(), unique.longUid());
        }

        /** Reads what {@link #text} writes; empty: it is no such text. */
        static Optional<Incarnation> parse(String text) {
            int uid = text.lastIndexOf('#');
            try {
                return uid < 0
                        ? Optional.empty()
                        : Optional.of(new Incarnation(text.substring(0, uid), Long.parseLong(text.substring(uid + 1))));
            } catch (NumberFormatException e) {
                return Optional.empty();
            }
        }

        /** {@code akka://finback@host:port#uid}. */
        String text() {
            return address + "#" + uid;
        }

        boolean replaces(Incarnation other) {
            return address.equals(other.address) && uid != other.uid;
        }
    }
}
