package io.finback.controlplane.allocation;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.wire.WireMessage;
import java.util.List;

/** What the allocator answers to an agent's session. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = SessionReply.Admitted.class, name = "admitted"),
    @JsonSubTypes.Type(value = SessionReply.AdmitRefused.class, name = "admit_refused"),
    @JsonSubTypes.Type(value = SessionReply.MarkedUnreachable.class, name = "marked_unreachable"),
    @JsonSubTypes.Type(value = SessionReply.Outdated.class, name = "outdated")
})
public sealed interface SessionReply extends WireMessage {

    /**
     * The agent is in, and that is journaled, its session's number too.
     *
     * @param ask the question this answers
     * @param session larger than any number a session of this agent ever had; should there be two answers, the larger one counts
     * @param terms what operators want of the agent
     * @param held what the allocator believes to run there; each framework compares it with what it knows
     * @param unplaced running tasks for which there is no room: they must be killed
     */
    record Admitted(String ask, long session, AgentTerms terms, List<HeldTasks> held, List<HeldTasks> unplaced)
            implements SessionReply {
        public Admitted {
            held = List.copyOf(held);
            unplaced = List.copyOf(unplaced);
        }
    }

    /** {@code removed}: the agent is not wanted at all (gone for good, or its machine is down) and has to end. */
    record AdmitRefused(String ask, String reason, boolean removed) implements SessionReply {}

    /** What was asked had an old number; {@code session} is the newest one. */
    record Outdated(long session) implements SessionReply {}

    /** Journaled; {@code held} are the tasks whose frameworks must hear of it. */
    record MarkedUnreachable(long session, List<HeldTasks> held) implements SessionReply {
        public MarkedUnreachable {
            held = List.copyOf(held);
        }
    }

    /** One framework's tasks. */
    record HeldTasks(FrameworkId framework, List<TaskId> tasks) {
        public HeldTasks {
            tasks = List.copyOf(tasks);
        }
    }
}
