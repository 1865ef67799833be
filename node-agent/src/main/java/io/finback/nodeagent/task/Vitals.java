package io.finback.nodeagent.task;

import io.finback.tasks.CheckStatus;
import java.time.Instant;
import java.util.Optional;

/**
 * What is known of a running task beyond that it runs; every status of it says so, too. Part of the checkpoint, so that a new agent
 * does not repeat what the last one has reported.
 *
 * @param started when its command was let go, by the agent's clock
 * @param healthy what its health check has said last
 * @param check what its general check saw last; the kind alone before the first look, empty for a task without one
 */
public record Vitals(Optional<Instant> started, Optional<Boolean> healthy, Optional<CheckStatus> check) {
    public static final Vitals NONE = new Vitals(Optional.empty(), Optional.empty(), Optional.empty());
}
