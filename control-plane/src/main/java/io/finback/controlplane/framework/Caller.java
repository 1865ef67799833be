package io.finback.controlplane.framework;

import akka.actor.typed.ActorRef;
import io.finback.wire.WireMessage;
import java.util.Optional;

/**
 * Who makes a call, and who wants to know what became of it.
 *
 * @param streamId names the subscription the call belongs to, as Mesos' {@code Mesos-Stream-Id}; a call of another subscription is
 *     refused. The built-in schedulers have none, and are not asked for one
 * @param replyTo empty: nobody waits for an answer
 */
public record Caller(Optional<String> streamId, Optional<ActorRef<CallAnswer>> replyTo) implements WireMessage {
    public static final Caller BUILT_IN = new Caller(Optional.empty(), Optional.empty());

    public static Caller of(String streamId, ActorRef<CallAnswer> replyTo) {
        return new Caller(Optional.of(streamId), Optional.of(replyTo));
    }
}
