package io.finback.controlplane.framework;

import io.finback.controlplane.ingress.Ingress;
import java.time.Duration;

/**
 * How frameworks work.
 *
 * @param repeat how long an allocator or a session may leave something unanswered before it is told again; doubles up to four times
 * @param updateRepeat how long a scheduler may leave an update unacknowledged before it is told again; doubles each time
 * @param updateRepeatMax where the doubling ends
 * @param viewDelay how long changes are gathered before views are told
 * @param returnGrace how long a framework at least has to come back when its connection went with its master
 * @param maxTasks tasks that one framework may have, their ends not acknowledged among them
 * @param maxTasksPerAccept tasks in one accept
 * @param snapshotEvery events between snapshots
 */
public record FrameworkSettings(
        Duration repeat,
        Duration updateRepeat,
        Duration updateRepeatMax,
        Duration viewDelay,
        Duration returnGrace,
        int maxTasks,
        int maxTasksPerAccept,
        int snapshotEvery,
        Ingress.Settings ingress) {
    public FrameworkSettings {
        positive("finback.master.repeat", repeat);
        positive("finback.master.update-repeat", updateRepeat);
        positive("finback.master.view-delay", viewDelay);
        if (updateRepeatMax.compareTo(updateRepeat) < 0) {
            throw new IllegalArgumentException(
                    "finback.master.update-repeat-max: " + updateRepeatMax + " (expected: >= update-repeat)");
        }
        if (returnGrace.isNegative()) {
            throw new IllegalArgumentException(
                    "finback.master.framework-return-grace: " + returnGrace + " (expected: >= 0)");
        }
        if (maxTasksPerAccept < 1 || maxTasks < maxTasksPerAccept) {
            throw new IllegalArgumentException("finback.master.framework-max-tasks: " + maxTasks
                    + " (expected: >= accept-max-tasks, " + maxTasksPerAccept + ", which is >= 1)");
        }
        if (snapshotEvery < 1) {
            throw new IllegalArgumentException(
                    "finback.master.framework-snapshot-every: " + snapshotEvery + " (expected: >= 1)");
        }
    }

    Duration repeatMax() {
        return repeat.multipliedBy(4);
    }

    private static void positive(String key, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: > 0)");
        }
    }
}
