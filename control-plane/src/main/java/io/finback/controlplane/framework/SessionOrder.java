package io.finback.controlplane.framework;

import io.finback.resources.FrameworkId;
import io.finback.tasks.Bytes;
import io.finback.tasks.TaskInfo;
import io.finback.wire.AgentSessionMessage;
import io.finback.wire.MasterToAgent;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a framework tells an agent's session (sharded by agent id). Everything may be repeated without harm. */
public sealed interface SessionOrder extends AgentSessionMessage {

    /**
     * Work for the agent. The session repeats launches and kills to the agent until it has them, and the framework to the session.
     *
     * @param traces of launches that are followed, the span they are part of, as {@code traceparent} by task id; not in what earlier versions send
     */
    record Work(
            FrameworkId framework,
            List<TaskInfo> launches,
            List<MasterToAgent.KillTask> kills,
            List<MasterToAgent.UpdateId> acknowledgements,
            Map<String, String> traces)
            implements SessionOrder {
        public Work(
                FrameworkId framework,
                List<TaskInfo> launches,
                List<MasterToAgent.KillTask> kills,
                List<MasterToAgent.UpdateId> acknowledgements,
                @Nullable Map<String, String> traces) {
            this.framework = framework;
            this.launches = List.copyOf(launches);
            this.kills = List.copyOf(kills);
            this.acknowledgements = List.copyOf(acknowledgements);
            this.traces = traces == null ? Map.of() : Map.copyOf(traces);
        }

        public Work(
                FrameworkId framework,
                List<TaskInfo> launches,
                List<MasterToAgent.KillTask> kills,
                List<MasterToAgent.UpdateId> acknowledgements) {
            this(framework, launches, kills, acknowledgements, Map.of());
        }
    }

    /** Answers {@link AgentReport.AgentBack} (its span by number) and {@link AgentReport.AgentGone} (0), journaled. */
    record Heard(FrameworkId framework, long session, int span, boolean gone) implements SessionOrder {}

    /** Words of a scheduler to an executor of its; said once. */
    record Message(FrameworkId framework, String executor, Bytes data) implements SessionOrder {}
}
