package io.finback.controlplane.framework;

import io.finback.resources.FrameworkId;
import io.finback.tasks.Bytes;
import io.finback.tasks.TaskInfo;
import io.finback.wire.AgentSessionMessage;
import io.finback.wire.MasterToAgent;
import java.util.List;

/** What a framework tells an agent's session (sharded by agent id). Everything may be repeated without harm. */
public sealed interface SessionOrder extends AgentSessionMessage {

    /** Work for the agent. The session repeats launches and kills to the agent until it has them, and the framework to the session. */
    record Work(
            FrameworkId framework,
            List<TaskInfo> launches,
            List<MasterToAgent.KillTask> kills,
            List<MasterToAgent.UpdateId> acknowledgements)
            implements SessionOrder {
        public Work {
            launches = List.copyOf(launches);
            kills = List.copyOf(kills);
            acknowledgements = List.copyOf(acknowledgements);
        }
    }

    /** Answers {@link AgentReport.AgentBack} (its span by number) and {@link AgentReport.AgentGone} (0), journaled. */
    record Heard(FrameworkId framework, long session, int span, boolean gone) implements SessionOrder {}

    /** Words of a scheduler to an executor of its; said once. */
    record Message(FrameworkId framework, String executor, Bytes data) implements SessionOrder {}
}
