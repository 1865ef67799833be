package io.finback.controlplane.service;

import io.finback.controlplane.app.AppSettings;
import io.finback.resources.RoleName;
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
 * @param role of apps that name none; {@code *}: they use what is nobody's own
 * @param groupsEnforceRole top-level groups that say nothing themselves enforce their role
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
        ArtifactSettings artifacts,
        String role,
        boolean groupsEnforceRole) {
    public ServicesSettings {
        positive("finback.services.ask-timeout", askTimeout);
        positive("finback.services.repeat", deploymentRepeat);
        if (maxBodyBytes < 1024) {
            throw new IllegalArgumentException(
                    "finback.services.max-body: " + maxBodyBytes + " bytes (expected: at least 1024)");
        }
        RoleName.problem(role).ifPresent(why -> {
            throw new IllegalArgumentException("finback.services." + why);
        });
    }

    /** The values of {@code reference.conf} for a server at {@code address} ({@code host:port}), to be changed. */
    public static Draft draft(String address, String version) {
        return new Draft(address, version);
    }

    /** The same, to be changed. */
    public Draft changed() {
        return new Draft(this);
    }

    /** Settings while they are put together: one value for each key of {@code finback.services}. Confined to one thread. */
    public static final class Draft {
        private final String address;
        private final String version;
        private Duration repeat = Duration.ofSeconds(1);
        private Duration drainDelay = Duration.ofMillis(500);
        private Duration listenWait = Duration.ofSeconds(30);
        private Duration refuse = Duration.ofSeconds(5);
        private Duration askTimeout = Duration.ofSeconds(10);
        private long maxBodyBytes = 1024 * 1024;
        private EventSettings events = EventSettings.DEFAULTS;
        private int looks = 256;
        private CallbackSettings callbacks = CallbackSettings.DEFAULTS;
        private int maxDeployments = 10_000;
        private ArtifactSettings artifacts = ArtifactSettings.NONE;
        private Duration maintenanceAhead = Duration.ofMinutes(6);
        private int replaceBurst = 100;
        private int replacePerSecond = 20;
        private Duration preemptionDelay = Duration.ofMinutes(3);
        private String role = "*";
        private boolean groupsEnforceRole;

        private Draft(String address, String version) {
            this.address = address;
            this.version = version;
        }

        private Draft(ServicesSettings from) {
            this(from.address, from.version);
            repeat = from.deploymentRepeat;
            drainDelay = from.app.drainDelay();
            listenWait = from.app.listenWait();
            refuse = from.scheduler.refuse();
            askTimeout = from.askTimeout;
            maxBodyBytes = from.maxBodyBytes;
            events = from.events;
            looks = from.looks;
            callbacks = from.callbacks;
            maxDeployments = from.maxDeployments;
            artifacts = from.artifacts;
            maintenanceAhead = from.scheduler.maintenanceAhead();
            replaceBurst = from.scheduler.replaceBurst();
            replacePerSecond = from.scheduler.replacePerSecond();
            preemptionDelay = from.scheduler.preemptionDelay();
            role = from.role;
            groupsEnforceRole = from.groupsEnforceRole;
        }

        /** {@code repeat}: what is derived from it follows the notes in {@code reference.conf}. */
        public Draft pace(Duration every, Duration drain, Duration listen, Duration notAgain) {
            repeat = every;
            drainDelay = drain;
            listenWait = listen;
            refuse = notAgain;
            return this;
        }

        public Draft requests(Duration timeout, long largestBody, int mostDeployments) {
            askTimeout = timeout;
            maxBodyBytes = largestBody;
            maxDeployments = mostDeployments;
            return this;
        }

        public Draft events(EventSettings other) {
            events = other;
            return this;
        }

        public Draft looks(int atOnce) {
            looks = atOnce;
            return this;
        }

        public Draft callbacks(CallbackSettings other) {
            callbacks = other;
            return this;
        }

        public Draft artifacts(ArtifactSettings other) {
            artifacts = other;
            return this;
        }

        /** How machines that go, and many that have gone at once, are dealt with. */
        public Draft losses(Duration ahead, int burst, int perSecond, Duration preemption) {
            maintenanceAhead = ahead;
            replaceBurst = burst;
            replacePerSecond = perSecond;
            preemptionDelay = preemption;
            return this;
        }

        public Draft role(String standard) {
            role = standard;
            return this;
        }

        public Draft groupsEnforceRole(boolean enforce) {
            groupsEnforceRole = enforce;
            return this;
        }

        public ServicesSettings done() {
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
                    maintenanceAhead,
                    replaceBurst,
                    replacePerSecond,
                    preemptionDelay);
            return new ServicesSettings(
                    app,
                    scheduler,
                    repeat,
                    askTimeout,
                    maxBodyBytes,
                    address,
                    version,
                    events,
                    looks,
                    callbacks,
                    maxDeployments,
                    artifacts,
                    role,
                    groupsEnforceRole);
        }
    }

    private static void positive(String key, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: > 0)");
        }
    }
}
