package io.finback.controlplane.service;

import io.finback.controlplane.app.AppSettings;
import java.time.Duration;

/**
 * Everything the services half of a master is told. Built by {@code boot} from {@code finback.services}.
 *
 * @param deploymentRepeat how often a deployment repeats its orders
 * @param askTimeout how long an API call waits for an entity before it answers 503
 * @param maxBodyBytes larger request bodies are answered with 413
 * @param address {@code host:port} this API is reached at, as clients are told
 * @param version what {@code /v2/info} names
 * @param looks health checks under way at once on one master
 * @param maxDeployments while so many run, requests for more are answered with 403
 */
public record ServicesSettings(
        AppSettings app,
        SchedulerSettings scheduler,
        Duration deploymentRepeat,
        Duration askTimeout,
        long maxBodyBytes,
        String address,
        String version,
        EventSettings events,
        int looks,
        CallbackSettings callbacks,
        int maxDeployments,
        ArtifactSettings artifacts) {
    private static final int LOOKS = 256;
    private static final Duration MAINTENANCE_AHEAD = Duration.ofMinutes(6);
    private static final Duration PREEMPTION_DELAY = Duration.ofMinutes(3);
    private static final int REPLACE_BURST = 100;
    private static final int REPLACE_PER_SECOND = 20;
    private static final int MAX_DEPLOYMENTS = 10_000;

    public ServicesSettings {
        positive("finback.services.ask-timeout", askTimeout);
        positive("finback.services.repeat", deploymentRepeat);
        if (maxBodyBytes < 1024) {
            throw new IllegalArgumentException(
                    "finback.services.max-body: " + maxBodyBytes + " bytes (expected: at least 1024)");
        }
    }

    /** The values of {@code reference.conf} for a server at {@code address} ({@code host:port}). */
    public static ServicesSettings defaults(String address) {
        Duration second = Duration.ofSeconds(1);
        return of(
                address,
                "0.1.0",
                second,
                Duration.ofMillis(500),
                Duration.ofSeconds(30),
                Duration.ofSeconds(5),
                Duration.ofSeconds(10),
                1024 * 1024);
    }

    /** One for each key of {@code finback.services}; what is derived from them follows the notes in {@code reference.conf}. */
    public static ServicesSettings of(
            String address,
            String version,
            Duration repeat,
            Duration drainDelay,
            Duration listenWait,
            Duration refuse,
            Duration askTimeout,
            long maxBodyBytes) {
        if (drainDelay.isNegative()) {
            throw new IllegalArgumentException("finback.services.drain-delay: " + drainDelay + " (expected: >= 0)");
        }
        if (listenWait.isNegative()) {
            throw new IllegalArgumentException("finback.services.listen-wait: " + listenWait + " (expected: >= 0)");
        }
        positive("finback.services.repeat", repeat);
        AppSettings app = new AppSettings(
                repeat,
                Duration.ofSeconds(30),
                drainDelay,
                listenWait,
                repeat.multipliedBy(5),
                repeat.multipliedBy(15),
                repeat.multipliedBy(600));
        SchedulerSettings scheduler = new SchedulerSettings(
                repeat.dividedBy(5),
                repeat.multipliedBy(5),
                repeat.multipliedBy(3),
                refuse,
                repeat.dividedBy(5),
                MAINTENANCE_AHEAD,
                REPLACE_BURST,
                REPLACE_PER_SECOND,
                PREEMPTION_DELAY);
        return new ServicesSettings(
                app,
                scheduler,
                repeat,
                askTimeout,
                maxBodyBytes,
                address,
                version,
                EventSettings.DEFAULTS,
                LOOKS,
                CallbackSettings.DEFAULTS,
                MAX_DEPLOYMENTS,
                ArtifactSettings.NONE);
    }

    /** The same with other limits of the event stream and of health checks. */
    public ServicesSettings with(EventSettings otherEvents, int otherLooks) {
        return new ServicesSettings(
                app,
                scheduler,
                deploymentRepeat,
                askTimeout,
                maxBodyBytes,
                address,
                version,
                otherEvents,
                otherLooks,
                callbacks,
                maxDeployments,
                artifacts);
    }

    /** The same with other callbacks and another limit of deployments. */
    public ServicesSettings with(CallbackSettings otherCallbacks, int otherMaxDeployments) {
        return new ServicesSettings(
                app,
                scheduler,
                deploymentRepeat,
                askTimeout,
                maxBodyBytes,
                address,
                version,
                events,
                looks,
                otherCallbacks,
                otherMaxDeployments,
                artifacts);
    }

    /** The same with another store of artifacts. */
    public ServicesSettings with(ArtifactSettings others) {
        return new ServicesSettings(
                app,
                scheduler,
                deploymentRepeat,
                askTimeout,
                maxBodyBytes,
                address,
                version,
                events,
                looks,
                callbacks,
                maxDeployments,
                others);
    }

    /** The same with another way to deal with machines that go, and with many that have gone at once. */
    public ServicesSettings with(
            Duration maintenanceAhead, int replaceBurst, int replacePerSecond, Duration preemptionDelay) {
        return new ServicesSettings(
                app,
                scheduler.with(maintenanceAhead, replaceBurst, replacePerSecond, preemptionDelay),
                deploymentRepeat,
                askTimeout,
                maxBodyBytes,
                address,
                version,
                events,
                looks,
                callbacks,
                maxDeployments,
                artifacts);
    }

    private static void positive(String key, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: > 0)");
        }
    }
}
