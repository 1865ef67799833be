package io.finback.controlplane.app;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.List;

/** What apps ask of the owner of all service ports (entity id {@link #ID}). Repeated until answered. */
public interface PortsMessage extends WireMessage {
    EntityTypeKey<PortsMessage> KEY = EntityTypeKey.create(PortsMessage.class, "ServicePorts");
    String ID = "services";

    /** All service ports of the app's wanted version, 0 for those to be assigned; what it held before is free. */
    record Claim(String appId, long revision, Instant version, List<Integer> wanted, ActorRef<AppCommand> replyTo)
            implements PortsMessage {
        public Claim {
            wanted = List.copyOf(wanted);
        }
    }

    record Free(String appId, long revision, ActorRef<AppCommand> replyTo) implements PortsMessage {}
}
