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
     * The agent is in, and that is journaled.
     *
     * @param held what the allocator believes to run there; each framework compares it with what it knows
     * @param unplaced running tasks for which there is no room: they must be killed
     */
    record Admitted(long session, List<HeldTasks> held, List<HeldTasks> unplaced) implements SessionReply {
        public Admitted {
            held = List.copyOf(held);
            unplaced = List.copyOf(unplaced);
        }
    }

    record AdmitRefused(long session, String reason) implements SessionReply {}

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
