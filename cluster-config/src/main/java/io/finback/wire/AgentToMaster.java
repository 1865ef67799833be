package io.finback.wire;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.util.List;

/**
 * What an agent says to its session on a master. Carrier-independent: no actor reference in here, so that the same conversation
 * runs over Artery and over a gateway's framed stream.
 *
 * <p>The conversation: {@link Register} until {@link MasterToAgent.Registered}; then {@link Heartbeat} at the interval the master
 * gave; every message after that carries the session number of the last {@code Registered}, and both sides drop what carries another.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = AgentToMaster.Register.class, name = "register"),
    @JsonSubTypes.Type(value = AgentToMaster.Heartbeat.class, name = "heartbeat"),
    @JsonSubTypes.Type(value = AgentToMaster.Received.class, name = "received"),
    @JsonSubTypes.Type(value = AgentToMaster.Updates.class, name = "updates"),
    @JsonSubTypes.Type(value = AgentToMaster.Leaving.class, name = "leaving")
})
public sealed interface AgentToMaster extends WireMessage {

    /**
     * Sent on every start, every new link, and whenever heartbeats go unanswered; repeated until answered.
     *
     * @param tasks every task the agent knows: running ones, and ended ones whose end is not yet acknowledged
     */
    record Register(AgentInfo info, List<KnownTask> tasks) implements AgentToMaster {
        public Register {
            tasks = List.copyOf(tasks);
        }
    }

    /** A task the agent has, with the latest state it knows. */
    record KnownTask(TaskInfo info, TaskState state) {}

    record Heartbeat(long session) implements AgentToMaster {}

    /** Confirms launches and kills, so that the session stops resending them. Sent after the checkpoint is on disk. */
    record Received(long session, List<TaskKey> launched, List<TaskKey> killed) implements AgentToMaster {
        public Received {
            launched = List.copyOf(launched);
            killed = List.copyOf(killed);
        }
    }

    /** Status updates, oldest first per task; only the first unacknowledged one of each task is ever in flight. */
    record Updates(long session, List<TaskStatus> updates) implements AgentToMaster {
        public Updates {
            updates = List.copyOf(updates);
        }
    }

    /** The agent stops on purpose and leaves its tasks running; no new work, no alarm. */
    record Leaving(long session) implements AgentToMaster {}
}
