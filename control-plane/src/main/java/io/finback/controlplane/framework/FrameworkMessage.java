package io.finback.controlplane.framework;

import io.finback.wire.WireMessage;

/** Everything the framework entity understands: {@link SchedulerCall}s, and what allocator and agent sessions tell it. */
public interface FrameworkMessage extends WireMessage {}
