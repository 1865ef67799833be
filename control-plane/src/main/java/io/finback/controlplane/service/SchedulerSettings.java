package io.finback.controlplane.service;

import java.time.Duration;

/**
 * How the service scheduler deals with offers.
 *
 * @param tick how often it looks at deadlines and backoffs that have passed
 * @param resubscribe how often the subscription is renewed; a silent framework entity may have moved
 * @param placeTimeout how long an offer waits for apps to journal their placements
 * @param refuse for how long resources nobody needed are not offered again
 * @param reviveInterval shortest time between two requests for fresh offers
 * @param maintenanceAhead a machine that goes into maintenance within this gets no new task
 * @param replaceBurst so many tasks that vanished with their agents are replaced at once
 * @param replacePerSecond and so many more each second
 * @param preemptionDelay so long an instance finds no place before others that allow it are ended for it
 */
public record SchedulerSettings(
        Duration tick,
        Duration resubscribe,
        Duration placeTimeout,
        Duration refuse,
        Duration reviveInterval,
        Duration maintenanceAhead,
        int replaceBurst,
        int replacePerSecond,
        Duration preemptionDelay) {}
