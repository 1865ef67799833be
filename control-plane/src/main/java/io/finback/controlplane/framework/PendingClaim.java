package io.finback.controlplane.framework;

import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * An accept that the allocator may not have answered. Said again after a restart, which changes nothing if it was answered.
 *
 * @param number names it within its framework
 */
record PendingClaim(
        long number, AgentId agent, List<OfferId> offers, Duration refuse, List<FrameworkEvent.Step> steps) {
    PendingClaim {
        offers = List.copyOf(offers);
        steps = List.copyOf(steps);
    }

    Stream<TaskId> tasks() {
        return steps.stream().flatMap(step -> step.tasks().stream());
    }

    Stream<FrameworkEvent.Step> changes() {
        return steps.stream().filter(step -> step.change().isPresent());
    }
}
