package io.finback.controlplane.framework;

import io.finback.resources.FrameworkId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What is wrong with an accept, whatever the state of the world. Source: Mesos' task validation. */
final class Accepts {
    private Accepts() {}

    static Optional<String> check(FrameworkId framework, SchedulerCall.Accept call) {
        if (call.offers().isEmpty()) {
            return Optional.of("offers: none (expected: at least one)");
        }
        List<TaskInfo> launches = call.launches();
        Set<TaskId> seen = new HashSet<>();
        for (TaskInfo task : launches) {
            if (!task.framework().equals(framework)) {
                return Optional.of(
                        "task " + task.id() + ": framework " + task.framework() + " (expected: " + framework + ")");
            }
            if (!task.agent().equals(launches.get(0).agent())) {
                return Optional.of(
                        "task " + task.id() + ": agent " + task.agent() + " (expected: one agent per accept)");
            }
            if (task.resources().isEmpty()) {
                return Optional.of("task " + task.id() + ": resources: none (expected: some)");
            }
            if (!seen.add(task.id())) {
                return Optional.of("task " + task.id() + ": listed twice");
            }
        }
        return Optional.empty();
    }
}
