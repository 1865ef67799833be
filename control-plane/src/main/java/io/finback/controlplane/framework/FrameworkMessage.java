package io.finback.controlplane.framework;

import io.finback.wire.WireMessage;

/** Everything the framework entity understands: {@link SchedulerCall}s, and what allocator and agent sessions tell it. */
public sealed interface FrameworkMessage extends WireMessage permits SchedulerCall, AgentReport, FrameworkSignal {

    /** Calls the one method of {@code handler} that is for this message: a new message breaks every handler until it decides. */
    void deliver(FrameworkHandler handler);
}
