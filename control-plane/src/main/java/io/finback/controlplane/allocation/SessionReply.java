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
    @JsonSubTypes.Type(value = SessionReply.MarkedUnreachable.class, name = "marked_unreachable")
})
public sealed interface SessionReply extends WireMessage {

    /**
     * The agent is in, and that is journaled. In parts; complete when all are there. A later answer to the same attempt with a larger
     * session number (the allocator failed over in between) takes the place of the earlier one.
     *
     * @param attempt as asked
     * @param session larger than every earlier one of this agent; what a session says later must carry it
     * @param part counts from 0
     * @param held what the allocator believes to run there; each framework compares it with what it knows
     * @param unplaced running tasks for which there is no room: they must be killed
     */
    record Admitted(
            String attempt, long session, int part, int parts, List<HeldTasks> held, List<HeldTasks> unplaced)
            implements SessionReply {
        public Admitted {
            held = List.copyOf(held);
            unplaced = List.copyOf(unplaced);
        }
    }

    /** @param shutDown the agent is not wanted at all: gone for good, or its machine is down for maintenance; it must end itself */
    record AdmitRefused(String attempt, String reason, boolean shutDown) implements SessionReply {}

    /** Journaled; these frameworks hold something there and must hear of it. */
    record MarkedUnreachable(long session, List<FrameworkId> frameworks) implements SessionReply {
        public MarkedUnreachable {
            frameworks = List.copyOf(frameworks);
        }
    }

    /** One framework's tasks. */
    record HeldTasks(FrameworkId framework, List<TaskId> tasks) {
        public HeldTasks {
            tasks = List.copyOf(tasks);
        }
    }
}
