package io.finback.controlplane.app;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import io.finback.controlplane.scheduler.DrainBook;
import io.finback.wire.WireMessage;
import java.util.List;

/** What is asked of the owner of all drains (entity id {@link #ID}). Answered with the book after it. */
public interface DrainMessage extends WireMessage {
    EntityTypeKey<DrainMessage> KEY = EntityTypeKey.create(DrainMessage.class, "ServiceDrains");
    String ID = "services";

    record Begin(List<DrainBook.Drain> drains, ActorRef<DrainsSnapshot> replyTo) implements DrainMessage {
        public Begin {
            drains = List.copyOf(drains);
        }
    }

    record End(List<String> hosts, ActorRef<DrainsSnapshot> replyTo) implements DrainMessage {
        public End {
            hosts = List.copyOf(hosts);
        }
    }

    record Read(ActorRef<DrainsSnapshot> replyTo) implements DrainMessage {}
}
