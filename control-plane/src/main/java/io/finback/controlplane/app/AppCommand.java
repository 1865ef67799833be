package io.finback.controlplane.app;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.scheduler.Instance;
import io.finback.tasks.TaskStatus;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** What an app's entity understands. Entity id: {@code AppPath.entityId}. Every command may be repeated. */
public interface AppCommand extends WireMessage {
    EntityTypeKey<AppCommand> KEY = EntityTypeKey.create(AppCommand.class, "App");

    // --- requests: answered once the change is journaled

    record Create(AppDefinition definition, boolean force, String deploymentId, ActorRef<AppAnswer> replyTo)
            implements AppCommand {}

    /** {@code expected}: the version the definition was made from. */
    record Update(
            AppDefinition definition, Instant expected, boolean force, String deploymentId, ActorRef<AppAnswer> replyTo)
            implements AppCommand {}

    record Restart(boolean force, String deploymentId, ActorRef<AppAnswer> replyTo) implements AppCommand {}

    record Remove(boolean force, String deploymentId, ActorRef<AppAnswer> replyTo) implements AppCommand {}

    /** Ends instances; others take their place. */
    record KillInstances(List<String> taskIds, ActorRef<AppAnswer> replyTo) implements AppCommand {
        public KillInstances {
            taskIds = List.copyOf(taskIds);
        }
    }

    /** Ends instances and wants that many fewer. */
    record KillAndScale(List<String> taskIds, boolean force, String deploymentId, ActorRef<AppAnswer> replyTo)
            implements AppCommand {
        public KillAndScale {
            taskIds = List.copyOf(taskIds);
        }
    }

    record Revert(String reverted, String deploymentId, ActorRef<AppAnswer> replyTo) implements AppCommand {}

    /** Forgets a deployment where it stands. */
    record Drop(String deploymentId, ActorRef<AppAnswer> replyTo) implements AppCommand {}

    record ResetDelay(ActorRef<AppAnswer> replyTo) implements AppCommand {}

    record FindVersion(Instant version, ActorRef<AppAnswer> replyTo) implements AppCommand {}

    /** Sent by every master to every app it knows, so that apps live without traffic; answered with what a view keeps. */
    record Wake(ActorRef<AppSnapshot> replyTo) implements AppCommand {}

    // --- from the deployment

    record Perform(String deploymentId, int step, DeploymentPlan.Kind kind) implements AppCommand {}

    record Release(String deploymentId) implements AppCommand {}

    // --- from the scheduler

    /** Instances may be launched at these places. Answered by {@link SchedulerMessage.Placed} with those that shall be. */
    record Place(long round, Map<String, Instance.Place> places, ActorRef<SchedulerMessage> replyTo)
            implements AppCommand {
        public Place {
            places = Map.copyOf(places);
        }
    }

    record TaskUpdate(TaskStatus status) implements AppCommand {}

    // --- from the owner of service ports, and from the endpoints of this node

    /** No ports: none are left. */
    record PortsGranted(Instant version, List<Integer> ports) implements AppCommand {
        public PortsGranted {
            ports = List.copyOf(ports);
        }
    }

    record PortsReleased() implements AppCommand {}

    /** Every replica has these endpoints, or had its time. */
    record EndpointsWritten(long revision) implements AppCommand {}
}
