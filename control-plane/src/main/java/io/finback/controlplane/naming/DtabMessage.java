package io.finback.controlplane.naming;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import io.finback.controlplane.dtabs.DtabState;
import io.finback.wire.DtabSnapshot;
import io.finback.wire.WireMessage;
import java.util.Optional;

/** What a namespace's entity understands; its id is the namespace. */
public interface DtabMessage extends WireMessage {
    EntityTypeKey<DtabMessage> KEY = EntityTypeKey.create(DtabMessage.class, "DtabNamespace");

    /** Journaled before it is answered. */
    record Change(DtabState.Write write, ActorRef<Answer> replyTo) implements DtabMessage {}

    /** Changes nothing. */
    record Read(ActorRef<Answer> replyTo) implements DtabMessage {}

    /** So that it tells the masters again what it holds. */
    record Wake() implements DtabMessage {}

    /** {@code refusal} empty: it was done, or read; {@code now} is what holds. */
    record Answer(DtabSnapshot now, Optional<DtabState.Refusal> refusal) implements WireMessage {}
}
