package io.finback.controlplane.app;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import io.finback.wire.WireMessage;
import java.util.List;

/** What is asked of the owner of event callbacks (entity id {@link #ID}). */
public interface CallbackMessage extends WireMessage {
    EntityTypeKey<CallbackMessage> KEY = EntityTypeKey.create(CallbackMessage.class, "EventCallbacks");
    String ID = "services";

    /** Events are posted to this URL from now on, over any restart. Journaled before it is answered. */
    record Subscribe(String url, ActorRef<Answer> replyTo) implements CallbackMessage {}

    /** No more events for this URL; one that has none is answered the same. */
    record Unsubscribe(String url, ActorRef<Answer> replyTo) implements CallbackMessage {}

    record Read(ActorRef<Answer> replyTo) implements CallbackMessage {}

    /** Sent by every master now and then, so that callbacks are called without anybody asking. */
    record Wake() implements CallbackMessage {}

    /** The URLs there are now. {@code full}: there are as many as there may be, and nothing was changed. */
    record Answer(List<String> urls, boolean full) implements WireMessage {
        public Answer {
            urls = List.copyOf(urls);
        }
    }
}
