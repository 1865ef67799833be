package io.finback.nodeagent.node;

import java.time.Duration;

/**
 * How tasks are treated; the keys are under {@code finback.agent}, documented in {@code reference.conf}.
 *
 * @param killGrace what SIGTERM is given when neither the order nor the task says
 * @param lookFast how often young tasks are looked at
 * @param lookSlow how often the others are
 * @param looks at how many at most at a time
 * @param sandboxDelay how long the sandbox of an ended task is kept
 * @param diskHeadroom share of the disk to be kept free of sandboxes of ended tasks, 0 to 1
 * @param maxEnded how many ended tasks are kept at most, with their sandboxes
 * @param checkCalls how many HTTP and TCP checks are under way at most
 * @param checkCommands how many command checks are
 */
public record TasksSettings(
        Duration killGrace,
        Duration lookFast,
        Duration lookSlow,
        int looks,
        Duration sandboxDelay,
        double diskHeadroom,
        int maxEnded,
        int checkCalls,
        int checkCommands) {
    public TasksSettings {
        atLeast("kill-grace", killGrace, Duration.ZERO);
        atLeast("watch.fast", lookFast, Duration.ofMillis(10));
        atLeast("watch.slow", lookSlow, lookFast);
        atLeast("sandbox-gc.delay", sandboxDelay, Duration.ZERO);
        if (!(diskHeadroom >= 0 && diskHeadroom <= 1)) {
            throw new IllegalArgumentException(
                    "finback.agent.sandbox-gc.disk-headroom: " + diskHeadroom + " (expected: 0 to 1)");
        }
        within("watch.looks", looks, 10_000);
        within("sandbox-gc.max-ended", maxEnded, 100_000);
        within("checks.calls", checkCalls, 10_000);
        within("checks.commands", checkCommands, 1_000);
    }

    private static void within(String key, int value, int most) {
        if (value < 1 || value > most) {
            throw new IllegalArgumentException(
                    "finback.agent." + key + ": " + value + " (expected: 1 to " + most + ")");
        }
    }

    static void atLeast(String key, Duration value, Duration least) {
        if (value.compareTo(least) < 0) {
            throw new IllegalArgumentException("finback.agent." + key + ": " + value + " (expected: >= " + least + ")");
        }
    }
}
