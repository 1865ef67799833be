package io.finback.controlplane.view;

import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a view knows of one framework. The snapshot is made anew only when something changed. */
final class FrameworkBook {
    private static final int REMEMBERED = 1000;

    private FrameworkDelta latest;
    private final Map<TaskId, FrameworkDelta.Task> tasks = new LinkedHashMap<>();
    private final Map<TaskId, FrameworkDelta.Task> completed = new LinkedHashMap<>();
    private ClusterSnapshot.Framework snapshot;
    private boolean dirty = true;

    FrameworkBook(FrameworkDelta first) {
        latest = first;
        snapshot = new ClusterSnapshot.Framework(
                first.framework(), first.info(), first.registeredAt(), false, false, List.of(), List.of());
    }

    /** True when nothing is missing between this and what was known. */
    boolean follows(FrameworkDelta delta) {
        return delta.epoch() == latest.epoch() && delta.number() <= latest.number() + 1;
    }

    void apply(FrameworkDelta delta, Map<TaskState, Long> ended) {
        if (delta.epoch() < latest.epoch()) {
            return;
        }
        if (delta.epoch() > latest.epoch()) {
            // Another incarnation: whatever it does not name again is gone.
            tasks.clear();
        }
        latest = delta.epoch() > latest.epoch() || delta.number() >= latest.number() ? delta : latest;
        for (FrameworkDelta.Task task : delta.tasks()) {
            if (!task.status().state().isTerminal()) {
                if (!completed.containsKey(task.id())) {
                    tasks.put(task.id(), task);
                }
                continue;
            }
            tasks.remove(task.id());
            if (completed.put(task.id(), task) == null) {
                ended.merge(task.status().state(), 1L, Long::sum);
            }
            if (completed.size() > REMEMBERED) {
                completed.remove(completed.keySet().iterator().next());
            }
        }
        dirty = true;
    }

    ClusterSnapshot.Framework snapshot() {
        if (dirty) {
            dirty = false;
            snapshot = new ClusterSnapshot.Framework(
                    latest.framework(),
                    latest.info(),
                    latest.registeredAt(),
                    latest.connected(),
                    latest.tornDown(),
                    new ArrayList<>(tasks.values()),
                    new ArrayList<>(completed.values()));
        }
        return snapshot;
    }
}
