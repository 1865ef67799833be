package io.finback.nodeagent.node;

import akka.actor.typed.ActorRef;
import io.finback.wire.AgentToMaster;
import java.util.concurrent.atomic.AtomicReference;

/** Whom the conversation talks to; survives a restart of its actor. Thread-safe. What is said to nobody is lost, and resent. */
public final class Peers {
    private final AtomicReference<ActorRef<TasksActor.Command>> tasks = new AtomicReference<>();
    private final AtomicReference<ActorRef<AgentToMaster>> link = new AtomicReference<>();

    /** Must be called before the first message from a master can arrive. */
    public void tasks(ActorRef<TasksActor.Command> actor) {
        tasks.set(actor);
    }

    void link(ActorRef<AgentToMaster> carrier) {
        link.set(carrier);
    }

    boolean hasLink() {
        return link.get() != null;
    }

    void tell(TasksActor.Command command) {
        ActorRef<TasksActor.Command> actor = tasks.get();
        if (actor != null) {
            actor.tell(command);
        }
    }

    void tell(AgentToMaster message) {
        ActorRef<AgentToMaster> carrier = link.get();
        if (carrier != null) {
            carrier.tell(message);
        }
    }
}
