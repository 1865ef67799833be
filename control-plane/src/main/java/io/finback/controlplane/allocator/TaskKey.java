package io.finback.controlplane.allocator;

import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;

/** Names a task in the whole cluster: task ids are unique within their framework only. */
public record TaskKey(FrameworkId framework, TaskId task) {}
