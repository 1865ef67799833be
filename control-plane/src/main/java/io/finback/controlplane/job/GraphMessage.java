package io.finback.controlplane.job;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.List;

/** What the dependency graph understands. One entity, {@link #ID}. Everything may be repeated. */
public interface GraphMessage extends WireMessage {
    EntityTypeKey<GraphMessage> KEY = EntityTypeKey.create(GraphMessage.class, "JobGraph");
    String ID = "jobs";

    /** {@code child} waits for these alone; for nobody when empty. Never refused then. */
    record Link(String child, List<String> parents, ActorRef<Linked> replyTo) implements GraphMessage {
        public Link {
            parents = List.copyOf(parents);
        }
    }

    /** {@code circle}: the way from the child to itself that was refused; empty: journaled. */
    record Linked(List<String> circle) implements WireMessage {
        public Linked {
            circle = List.copyOf(circle);
        }
    }

    /** A job has succeeded; answered by {@link JobCommand.SuccessHeard}. */
    record Succeeded(String job, long number, Instant at) implements GraphMessage {}

    /** The child has journaled what it was called for. */
    record Taken(String child, long number) implements GraphMessage {}

    /** So that calls nobody has taken are repeated. */
    record Wake() implements GraphMessage {}
}
