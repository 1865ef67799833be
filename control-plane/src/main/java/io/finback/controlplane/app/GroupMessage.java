package io.finback.controlplane.app;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import io.finback.controlplane.scheduler.GroupBook;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.List;

/** What is asked of the owner of all groups (entity id {@link #ID}). Answered with the book after it. */
public interface GroupMessage extends WireMessage {
    EntityTypeKey<GroupMessage> KEY = EntityTypeKey.create(GroupMessage.class, "ServiceGroups");
    String ID = "services";

    /** Removes groups and all in them, then keeps others. */
    record Replace(Instant at, List<String> removed, List<GroupBook.Group> kept, ActorRef<GroupsSnapshot> replyTo)
            implements GroupMessage {
        public Replace {
            removed = List.copyOf(removed);
            kept = List.copyOf(kept);
        }
    }

    record Read(ActorRef<GroupsSnapshot> replyTo) implements GroupMessage {}
}
