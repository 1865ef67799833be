package io.finback.controlplane.app;

import java.time.Duration;

/**
 * How an app's entity paces itself.
 *
 * @param busyTick how often unconfirmed messages are repeated
 * @param idleTick the same while nothing is under way
 * @param drainDelay between the removal of an endpoint everywhere and the kill
 * @param listenWait how long a running instance that refuses connections is waited for; zero waits for none
 * @param killRepeat how often a kill is asked for until the task has ended
 * @param reconcileStaging how often a launch without any news is asked about
 * @param reconcileAll how often everything launched is asked about
 */
public record AppSettings(
        Duration busyTick,
        Duration idleTick,
        Duration drainDelay,
        Duration listenWait,
        Duration killRepeat,
        Duration reconcileStaging,
        Duration reconcileAll) {}
