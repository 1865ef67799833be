package io.finback.controlplane.framework;

import io.finback.resources.AgentId;
import io.finback.resources.TaskId;
import io.finback.tasks.Bytes;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.WireMessage;
import java.util.List;
import java.util.Optional;

/**
 * What an agent's session tells a framework that has (or may have) tasks there. {@link AgentBack} and {@link AgentGone} are repeated
 * until answered by {@link SessionOrder.Heard}; the rest is repeated by whoever waits for its effect.
 */
public sealed interface AgentReport extends FrameworkMessage {

    /**
     * The agent has registered; what it lists is all it has within the span of ids this report is about. Many tasks make several
     * reports of one session, each true by itself and answered by itself.
     *
     * @param session reports of an older session than one already heard are ignored
     * @param listed this framework's tasks on the agent, as of the moment this was sent
     * @param held this framework's tasks for which the allocator holds resources there
     */
    record AgentBack(AgentId agent, long session, Span span, List<Listed> listed, List<TaskId> held)
            implements AgentReport {
        public AgentBack {
            listed = List.copyOf(listed);
            held = List.copyOf(held);
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.agentBack(this);
        }
    }

    record Listed(TaskId task, TaskState state) implements WireMessage {}

    /**
     * A stretch of task ids, in their order.
     *
     * @param number names it among all of one registration, from 0
     * @param after ids above this; empty: from the first
     * @param upTo ids up to and with this; empty: to the last
     */
    record Span(int number, Optional<TaskId> after, Optional<TaskId> upTo) implements WireMessage {
        public static final Span ALL = new Span(0, Optional.empty(), Optional.empty());

        public boolean contains(TaskId id) {
            return after.filter(least -> id.compareTo(least) <= 0).isEmpty()
                    && upTo.filter(most -> id.compareTo(most) > 0).isEmpty();
        }
    }

    /**
     * The agent has been silent for too long, or was removed.
     *
     * @param removed by an operator (marked gone, machine down): its tasks are over; otherwise it may come back with them
     */
    record AgentGone(AgentId agent, long session, boolean removed) implements AgentReport {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.agentGone(this);
        }
    }

    /** Status updates as they came, in order per task. */
    record Updates(AgentId agent, List<TaskStatus> updates) implements AgentReport {
        public Updates {
            updates = List.copyOf(updates);
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.updates(this);
        }
    }

    /**
     * These launches never reach the agent; said each time such a launch comes.
     *
     * @param reason Mesos' reason, such as {@code AGENT_DRAINING}
     */
    record Dropped(AgentId agent, List<TaskId> tasks, String reason, String message) implements AgentReport {
        public Dropped {
            tasks = List.copyOf(tasks);
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.dropped(this);
        }
    }

    /** The agent has these launches and kills on its disk. */
    record Received(AgentId agent, List<TaskId> launched, List<TaskId> killed) implements AgentReport {
        public Received {
            launched = List.copyOf(launched);
            killed = List.copyOf(killed);
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.received(this);
        }
    }

    /** Words of an executor to its scheduler; said once. */
    record ExecutorMessage(AgentId agent, String executor, Bytes data) implements AgentReport {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.executorMessage(this);
        }
    }
}
