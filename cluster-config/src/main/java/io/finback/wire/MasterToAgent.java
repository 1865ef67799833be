package io.finback.wire;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.finback.resources.FrameworkId;
import io.finback.resources.PersistentVolume;
import io.finback.resources.TaskKey;
import io.finback.tasks.Bytes;
import io.finback.tasks.TaskInfo;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a session on a master says to its agent; see {@link AgentToMaster}. Launches and kills are resent until confirmed. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = MasterToAgent.Registered.class, name = "registered"),
    @JsonSubTypes.Type(value = MasterToAgent.Refused.class, name = "refused"),
    @JsonSubTypes.Type(value = MasterToAgent.HeartbeatAnswer.class, name = "heartbeat_answer"),
    @JsonSubTypes.Type(value = MasterToAgent.RegisterAgain.class, name = "register_again"),
    @JsonSubTypes.Type(value = MasterToAgent.Shutdown.class, name = "shutdown"),
    @JsonSubTypes.Type(value = MasterToAgent.Launch.class, name = "launch"),
    @JsonSubTypes.Type(value = MasterToAgent.Kill.class, name = "kill"),
    @JsonSubTypes.Type(value = MasterToAgent.Acknowledge.class, name = "acknowledge"),
    @JsonSubTypes.Type(value = MasterToAgent.FrameworkMessage.class, name = "framework_message"),
    @JsonSubTypes.Type(value = MasterToAgent.DestroyVolumes.class, name = "destroy_volumes")
})
public sealed interface MasterToAgent extends WireMessage {

    /**
     * The agent is admitted.
     *
     * @param session grows with every registration of this agent, over all masters; the agent ignores messages of a smaller one, so a
     *     ghost session on another master cannot launch anything
     * @param heartbeat how often the agent has to send {@link AgentToMaster.Heartbeat}
     */
    record Registered(long session, Duration heartbeat) implements MasterToAgent {}

    /** The agent may not join; it logs why, and tries again later. */
    record Refused(String reason) implements MasterToAgent {}

    record HeartbeatAnswer(long session) implements MasterToAgent {}

    /** The session does not know this agent (it has just moved to another master). */
    record RegisterAgain() implements MasterToAgent {}

    /** The agent may never come back under this id: it kills its tasks, and ends. */
    record Shutdown(String reason) implements MasterToAgent {}

    /**
     * Starts tasks that the agent does not know yet.
     *
     * @param traces of those that are followed, the span their start is part of: {@code traceparent} by {@code framework/task} as {@link
     *     io.finback.resources.TaskKey} writes itself; not in what earlier versions send
     */
    record Launch(long session, List<TaskInfo> tasks, Map<String, String> traces) implements MasterToAgent {
        public Launch(long session, List<TaskInfo> tasks, @Nullable Map<String, String> traces) {
            this.session = session;
            this.tasks = List.copyOf(tasks);
            this.traces = traces == null ? Map.of() : Map.copyOf(traces);
        }

        public Launch(long session, List<TaskInfo> tasks) {
            this(session, tasks, Map.of());
        }
    }

    record Kill(long session, List<KillTask> tasks) implements MasterToAgent {
        public Kill {
            tasks = List.copyOf(tasks);
        }
    }

    /**
     * Ends a task.
     *
     * @param grace how long SIGTERM is given before SIGKILL; empty: what the task says, else the agent's default
     * @param maxGrace never longer than this, whatever order, task and agent say
     */
    record KillTask(TaskKey task, Optional<Duration> grace, Optional<Duration> maxGrace) {
        public KillTask(TaskKey task, Optional<Duration> grace) {
            this(task, grace, Optional.empty());
        }
    }

    /** The scheduler has taken these updates; the agent forgets each, and after a terminal one the task. */
    record Acknowledge(long session, List<UpdateId> updates) implements MasterToAgent {
        public Acknowledge {
            updates = List.copyOf(updates);
        }
    }

    /** Words of a framework to an executor of its, unread. Lost if the executor cannot be reached. */
    record FrameworkMessage(long session, FrameworkId framework, String executor, Bytes data)
            implements MasterToAgent {}

    /** These volumes are no more: what is in them goes, before any later launch. Repeated until confirmed. */
    record DestroyVolumes(long session, List<PersistentVolume> volumes) implements MasterToAgent {
        public DestroyVolumes {
            volumes = List.copyOf(volumes);
        }
    }

    record UpdateId(TaskKey task, String uuid) {}
}
