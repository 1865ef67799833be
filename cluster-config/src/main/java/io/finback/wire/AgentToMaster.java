package io.finback.wire;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.finback.resources.FrameworkId;
import io.finback.resources.PersistentVolume;
import io.finback.resources.TaskKey;
import io.finback.tasks.Bytes;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.util.List;
import java.util.stream.IntStream;

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
    @JsonSubTypes.Type(value = AgentToMaster.ExecutorMessage.class, name = "executor_message"),
    @JsonSubTypes.Type(value = AgentToMaster.Leaving.class, name = "leaving"),
    @JsonSubTypes.Type(value = AgentToMaster.VolumesDestroyed.class, name = "volumes_destroyed")
})
public sealed interface AgentToMaster extends WireMessage {

    /**
     * Sent on every start, every new link, and whenever heartbeats go unanswered; repeated until answered. One registration comes in
     * as many messages as it needs to stay below a frame. It is complete once the session has all {@code parts} of one {@code
     * attempt}; a part of another attempt drops whatever was there of the one before. Nothing happens before it is complete.
     *
     * @param attempt names one try, new for each
     * @param part which one this is, from 1
     * @param parts how many there are, at least 1, at most {@link #MAX_PARTS}
     * @param lastSession the largest session number this agent has been given since it started, 0 for none; its next one is larger
     * @param tasks every task the agent knows, spread over the parts: running ones, and ended ones whose end is not yet acknowledged
     */
    record Register(AgentInfo info, String attempt, int part, int parts, long lastSession, List<KnownTask> tasks)
            implements AgentToMaster {
        /** Some hundred thousand tasks. */
        public static final int MAX_PARTS = 256;

        public Register {
            tasks = List.copyOf(tasks);
            if (parts < 1 || parts > MAX_PARTS || part < 1 || part > parts) {
                throw new IllegalArgumentException(
                        "part: " + part + " of " + parts + " (expected: 1 to that, which is 1 to " + MAX_PARTS + ")");
            }
        }

        /** All messages of one attempt. */
        public static List<Register> of(AgentInfo info, String attempt, long lastSession, List<KnownTask> tasks) {
            List<List<KnownTask>> cut = Parts.of(tasks);
            int parts = Math.max(1, cut.size());
            return IntStream.range(0, parts)
                    .mapToObj(part -> new Register(
                            info, attempt, part + 1, parts, lastSession, cut.isEmpty() ? List.of() : cut.get(part)))
                    .toList();
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

    /** Words of an executor to its framework, unread. Lost if the session is. */
    record ExecutorMessage(long session, FrameworkId framework, String executor, Bytes data) implements AgentToMaster {}

    /** Nothing is in these volumes any more. */
    record VolumesDestroyed(long session, List<PersistentVolume> volumes) implements AgentToMaster {
        public VolumesDestroyed {
            volumes = List.copyOf(volumes);
        }
    }

    /** The agent stops on purpose and leaves its tasks running; no new work, no alarm. */
    record Leaving(long session) implements AgentToMaster {}
}
