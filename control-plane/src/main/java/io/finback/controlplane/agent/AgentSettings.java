package io.finback.controlplane.agent;

import java.time.Duration;

/**
 * How agents are watched.
 *
 * @param heartbeat how often an agent has to speak
 * @param silentAfter when an agent is no longer offered
 * @param unreachableAfter when an agent and its tasks are given up for now
 * @param returnWithin the same for an agent that has said that it stops and leaves its tasks running; at least {@code unreachableAfter}
 *     counts
 * @param repeat how long something may be unanswered before it is said again
 * @param maxPending launches and kills waiting for one agent; what comes on top is left to its sender, which repeats it
 */
public record AgentSettings(
        Duration heartbeat,
        Duration silentAfter,
        Duration unreachableAfter,
        Duration returnWithin,
        Duration repeat,
        int maxPending) {
    public AgentSettings {
        if (heartbeat.isNegative() || heartbeat.isZero()) {
            throw new IllegalArgumentException("finback.master.agent-heartbeat: " + heartbeat + " (expected: > 0)");
        }
        if (silentAfter.compareTo(heartbeat) <= 0) {
            throw new IllegalArgumentException(
                    "finback.master.agent-silent-after: " + silentAfter + " (expected: > agent-heartbeat)");
        }
        if (unreachableAfter.compareTo(silentAfter) < 0) {
            throw new IllegalArgumentException("finback.master.agent-unreachable-after: " + unreachableAfter
                    + " (expected: >= agent-silent-after)");
        }
        if (returnWithin.isNegative()) {
            throw new IllegalArgumentException(
                    "finback.master.agent-return-within: " + returnWithin + " (expected: >= 0)");
        }
        if (repeat.isNegative() || repeat.isZero()) {
            throw new IllegalArgumentException("finback.master.agent-repeat: " + repeat + " (expected: > 0)");
        }
        if (maxPending < 1) {
            throw new IllegalArgumentException("finback.master.agent-max-pending: " + maxPending + " (expected: >= 1)");
        }
    }
}
