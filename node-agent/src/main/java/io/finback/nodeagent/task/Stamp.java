package io.finback.nodeagent.task;

import java.time.Instant;

/**
 * When something happened and the name of the update that says so: time and chance, handed in.
 *
 * @param at the agent's clock
 * @param uuid new for every update
 */
public record Stamp(Instant at, String uuid) {}
