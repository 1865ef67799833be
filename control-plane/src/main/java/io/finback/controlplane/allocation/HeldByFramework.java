package io.finback.controlplane.allocation;

import io.finback.controlplane.allocator.TaskKey;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Sorts tasks by framework, each framework told once. */
final class HeldByFramework {
    private HeldByFramework() {}

    static List<SessionReply.HeldTasks> of(Collection<TaskKey> keys) {
        Map<FrameworkId, List<TaskId>> tasks = new LinkedHashMap<>();
        keys.forEach(key ->
                tasks.computeIfAbsent(key.framework(), id -> new ArrayList<>()).add(key.task()));
        List<SessionReply.HeldTasks> held = new ArrayList<>();
        tasks.forEach((framework, list) -> held.add(new SessionReply.HeldTasks(framework, list)));
        return held;
    }
}
