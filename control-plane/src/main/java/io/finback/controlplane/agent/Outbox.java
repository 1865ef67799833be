package io.finback.controlplane.agent;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskInfo;
import io.finback.wire.MasterToAgent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Launches and kills that an agent has not confirmed. A kill waits for the launch of its task: an agent confirms a kill of a task it
 * does not know, and would then start it.
 */
final class Outbox {
    private record Launch(TaskInfo task, Optional<String> trace, Instant dueAt) {}

    private record Kill(MasterToAgent.KillTask kill, Instant dueAt) {}

    private final int max;
    private final Duration repeat;
    private final Map<TaskKey, Launch> launches = new LinkedHashMap<>();
    private final Map<TaskKey, Kill> kills = new LinkedHashMap<>();

    Outbox(int max, Duration repeat) {
        this.max = max;
        this.repeat = repeat;
    }

    /** False when there is no room. A repeated launch changes nothing. {@code trace}: the span it is part of, if anybody follows it. */
    boolean launch(TaskInfo task, Optional<String> trace, Instant now) {
        TaskKey key = TaskKey.of(task.framework(), task.id());
        if (launches.size() >= max && !launches.containsKey(key)) {
            return false;
        }
        launches.putIfAbsent(key, new Launch(task, trace, now));
        return true;
    }

    /** False when there is no room. A repeated kill may bring another grace. */
    @CanIgnoreReturnValue
    boolean kill(MasterToAgent.KillTask kill, Instant now) {
        Kill old = kills.get(kill.task());
        if (old == null && kills.size() >= max) {
            return false;
        }
        if (old == null || !old.kill().equals(kill)) {
            kills.put(kill.task(), new Kill(kill, now));
        }
        return true;
    }

    /** True if its launch was waiting. */
    @CanIgnoreReturnValue
    boolean launched(TaskKey task) {
        return launches.remove(task) != null;
    }

    /** True if its kill was waiting. */
    boolean killed(TaskKey task) {
        return kills.remove(task) != null;
    }

    boolean isLaunching(TaskKey task) {
        return launches.containsKey(task);
    }

    Stream<TaskKey> launching() {
        return launches.keySet().stream();
    }

    void clear() {
        launches.clear();
        kills.clear();
    }

    /** Makes everything due: the agent has a new session. */
    void restart(Instant now) {
        launches.replaceAll((id, launch) -> new Launch(launch.task(), launch.trace(), now));
        kills.replaceAll((id, kill) -> new Kill(kill.kill(), now));
    }

    /** Launches to say (again) now; counted as said. */
    List<TaskInfo> dueLaunches(Instant now) {
        List<TaskInfo> due = new ArrayList<>();
        launches.replaceAll((id, launch) -> {
            if (launch.dueAt().isAfter(now)) {
                return launch;
            }
            due.add(launch.task());
            return new Launch(launch.task(), launch.trace(), now.plus(repeat));
        });
        return due;
    }

    /** Of these launches, those that are followed: {@code traceparent} by {@code framework/task}. */
    Map<String, String> traces(List<TaskInfo> tasks) {
        Map<String, String> traces = new HashMap<>();
        for (TaskInfo task : tasks) {
            TaskKey key = TaskKey.of(task.framework(), task.id());
            Optional.ofNullable(launches.get(key))
                    .flatMap(Launch::trace)
                    .ifPresent(trace -> traces.put(key.toString(), trace));
        }
        return traces;
    }

    /** Kills to say (again) now; counted as said. */
    List<MasterToAgent.KillTask> dueKills(Instant now) {
        List<MasterToAgent.KillTask> due = new ArrayList<>();
        kills.replaceAll((id, kill) -> {
            if (kill.dueAt().isAfter(now) || launches.containsKey(id)) {
                return kill;
            }
            due.add(kill.kill());
            return new Kill(kill.kill(), now.plus(repeat));
        });
        return due;
    }
}
