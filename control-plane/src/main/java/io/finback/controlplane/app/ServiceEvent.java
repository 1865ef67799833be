package io.finback.controlplane.app;

import io.finback.controlplane.scheduler.AppHealth;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.scheduler.Instance;
import io.finback.tasks.TaskState;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.Optional;

/**
 * What happened to services, told to every master for those who listen there. At most once: who needs the truth reads the state.
 * {@link #id()} is the same on every master and begins with the time.
 */
public sealed interface ServiceEvent extends WireMessage {
    String id();

    Instant at();

    /** An instance is in another state. {@code host}: empty while it has no place. */
    record TaskChanged(
            String id,
            Instant at,
            String appId,
            String taskId,
            Instant version,
            TaskState state,
            Optional<Instance.Place> place,
            String message)
            implements ServiceEvent {}

    record InstanceChanged(
            String id,
            Instant at,
            String appId,
            String taskId,
            Instant version,
            String condition,
            Optional<Instance.Place> place)
            implements ServiceEvent {}

    /** All checks of an instance pass, or one does not. */
    record HealthChanged(String id, Instant at, String appId, String taskId, Instant version, boolean alive)
            implements ServiceEvent {}

    record InstanceHealthChanged(String id, Instant at, String appId, String taskId, Instant version, boolean alive)
            implements ServiceEvent {}

    record CheckFailed(String id, Instant at, String appId, String taskId, AppHealth.Check check)
            implements ServiceEvent {}

    record UnhealthyKilled(
            String id,
            Instant at,
            String appId,
            String taskId,
            Instant version,
            String reason,
            Optional<Instance.Place> place)
            implements ServiceEvent {}

    record CheckAdded(String id, Instant at, String appId, Instant version, AppHealth.Check check)
            implements ServiceEvent {}

    record CheckRemoved(String id, Instant at, String appId) implements ServiceEvent {}

    record AppTerminated(String id, Instant at, String appId) implements ServiceEvent {}

    /** A task the app has given up runs somewhere and is ended. */
    record UnknownEnded(String id, Instant at, String appId, String taskId, TaskState state) implements ServiceEvent {}

    enum Progress {
        INFO,
        STEP_SUCCESS,
        STEP_FAILURE,
        SUCCESS,
        FAILED
    }

    /** {@code step} counts from 0. */
    record DeploymentChanged(
            String id, Instant at, Progress progress, DeploymentPlan plan, int step, Optional<String> reason)
            implements ServiceEvent {}

    record GroupChanged(String id, Instant at, String path, Instant version, Optional<String> failure)
            implements ServiceEvent {}

    /** Somebody asked for this app through the API. */
    record ApiPosted(String id, Instant at, String clientIp, String uri, AppVersion app) implements ServiceEvent {}

    /** Somebody wants events posted to a URL, or no longer. */
    record CallbackChanged(String id, Instant at, String clientIp, String url, boolean subscribed)
            implements ServiceEvent {}

    /** What somebody asked of a pod through the API. */
    enum PodChange {
        CREATED,
        UPDATED,
        DELETED
    }

    record PodChanged(String id, Instant at, String clientIp, String uri, PodChange what) implements ServiceEvent {}

    /** What the built-in scheduler's subscription has come to. */
    enum Connection {
        REGISTERED,
        REREGISTERED,
        DISCONNECTED
    }

    record SchedulerChanged(String id, Instant at, Connection connection, String framework, String master)
            implements ServiceEvent {}

    /** A reader of the stream came or went. */
    record StreamChanged(String id, Instant at, String remoteAddress, boolean attached) implements ServiceEvent {}
}
