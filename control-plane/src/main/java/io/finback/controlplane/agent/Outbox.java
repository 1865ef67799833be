package io.finback.controlplane.agent;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import io.finback.wire.MasterToAgent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Launches and kills that an agent has not confirmed. A kill waits for the launch of its task: an agent confirms a kill of a task it
 * does not know, and would then start it.
 */
final class Outbox {
    private record Launch(TaskInfo task, Instant dueAt) {}

    private record Kill(FrameworkId framework, MasterToAgent.KillTask kill, Instant dueAt) {}

    private final int max;
    private final Duration repeat;
    private final Map<TaskId, Launch> launches = new LinkedHashMap<>();
    private final Map<TaskId, Kill> kills = new LinkedHashMap<>();

    Outbox(int max, Duration repeat) {
        this.max = max;
        this.repeat = repeat;
    }

    /** False when there is no room. A repeated launch changes nothing. */
    boolean launch(TaskInfo task, Instant now) {
        if (launches.size() >= max && !launches.containsKey(task.id())) {
            return false;
        }
        launches.putIfAbsent(task.id(), new Launch(task, now));
        return true;
    }

    /** False when there is no room. A repeated kill may bring another grace. */
    @CanIgnoreReturnValue
    boolean kill(FrameworkId framework, MasterToAgent.KillTask kill, Instant now) {
        Kill old = kills.get(kill.task());
        if (old == null && kills.size() >= max) {
            return false;
        }
        if (old == null || !old.kill().equals(kill)) {
            kills.put(kill.task(), new Kill(framework, kill, now));
        }
        return true;
    }

    /** Whose launch it was, if it was waiting. */
    @CanIgnoreReturnValue
    Optional<FrameworkId> launched(TaskId task) {
        return Optional.ofNullable(launches.remove(task))
                .map(launch -> launch.task().framework());
    }

    /** Whose kill it was, if it was waiting. */
    Optional<FrameworkId> killed(TaskId task) {
        return Optional.ofNullable(kills.remove(task)).map(Kill::framework);
    }

    void clear() {
        launches.clear();
        kills.clear();
    }

    /** Makes everything due: the agent has a new session. */
    void restart(Instant now) {
        launches.replaceAll((id, launch) -> new Launch(launch.task(), now));
        kills.replaceAll((id, kill) -> new Kill(kill.framework(), kill.kill(), now));
    }

    /** Launches to say (again) now; counted as said. */
    List<TaskInfo> dueLaunches(Instant now) {
        List<TaskInfo> due = new ArrayList<>();
        launches.replaceAll((id, launch) -> {
            if (launch.dueAt().isAfter(now)) {
                return launch;
            }
            due.add(launch.task());
            return new Launch(launch.task(), now.plus(repeat));
        });
        return due;
    }

    /** Kills to say (again) now; counted as said. */
    List<MasterToAgent.KillTask> dueKills(Instant now) {
        List<MasterToAgent.KillTask> due = new ArrayList<>();
        kills.replaceAll((id, kill) -> {
            if (kill.dueAt().isAfter(now) || launches.containsKey(id)) {
                return kill;
            }
            due.add(kill.kill());
            return new Kill(kill.framework(), kill.kill(), now.plus(repeat));
        });
        return due;
    }
}
