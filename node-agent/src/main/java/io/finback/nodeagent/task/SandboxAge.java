package io.finback.nodeagent.task;

import java.time.Duration;

/** How long sandboxes of ended tasks are kept as the disk fills. Pure. Source: apache/mesos {@code src/slave/slave.cpp}. */
public final class SandboxAge {
    private SandboxAge() {}

    /**
     * The more of the disk is used, the less; nothing when less than {@code headroom} of it is free.
     *
     * @param delay what is kept on an empty disk
     * @param headroom share of the disk to be kept free, 0 to 1
     * @param used share of the disk that is used, 0 to 1
     */
    public static Duration most(Duration delay, double headroom, double used) {
        double share = Math.max(0, Math.min(1, 1 - headroom - used));
        return Duration.ofMillis((long) (delay.toMillis() * share));
    }
}
