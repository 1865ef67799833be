package io.finback.controlplane.app;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import io.finback.controlplane.scheduler.AppChange;
import io.finback.controlplane.scheduler.AppChange.Decision;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppEvent;
import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.DeploymentConduct;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.scheduler.Homes;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.scheduler.InstanceChange;
import io.finback.controlplane.scheduler.Member;
import io.finback.controlplane.scheduler.MemberChange;
import io.finback.tasks.TaskStatus;
import io.finback.wire.WireMessage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** What an app's entity understands. Entity id: {@code AppPath.entityId}. Every command may be repeated. */
public interface AppCommand extends WireMessage {
    EntityTypeKey<AppCommand> KEY = EntityTypeKey.create(AppCommand.class, "App");

    // --- requests: answered once the change is journaled

    /** A change of what is wanted, by a deployment. */
    sealed interface Request extends AppCommand {
        String deploymentId();

        ActorRef<AppAnswer> replyTo();

        Decision decide(AppState state, Instant now);
    }

    record Create(AppDefinition definition, boolean force, String deploymentId, ActorRef<AppAnswer> replyTo)
            implements Request {
        @Override
        public Decision decide(AppState state, Instant now) {
            return AppChange.create(state, definition, force, deploymentId, now);
        }
    }

    /** {@code expected}: the version the definition was made from. */
    record Update(
            AppDefinition definition, Instant expected, boolean force, String deploymentId, ActorRef<AppAnswer> replyTo)
            implements Request {
        @Override
        public Decision decide(AppState state, Instant now) {
            return AppChange.update(state, definition, expected, force, deploymentId, now);
        }
    }

    record Restart(boolean force, String deploymentId, ActorRef<AppAnswer> replyTo) implements Request {
        @Override
        public Decision decide(AppState state, Instant now) {
            return AppChange.restart(state, force, deploymentId, now);
        }
    }

    record Remove(boolean force, String deploymentId, ActorRef<AppAnswer> replyTo) implements Request {
        @Override
        public Decision decide(AppState state, Instant now) {
            return AppChange.remove(state, force, deploymentId, now);
        }
    }

    /** Ends instances and wants that many fewer. */
    record KillAndScale(List<String> taskIds, boolean force, String deploymentId, ActorRef<AppAnswer> replyTo)
            implements Request {
        public KillAndScale {
            taskIds = List.copyOf(taskIds);
        }

        @Override
        public Decision decide(AppState state, Instant now) {
            return AppChange.killAndScale(state, taskIds, force, deploymentId, now);
        }
    }

    record Revert(String reverted, String deploymentId, ActorRef<AppAnswer> replyTo) implements Request {
        @Override
        public Decision decide(AppState state, Instant now) {
            return AppChange.revert(state, reverted, deploymentId, now);
        }
    }

    /** The app's part in a deployment over several; {@code slice} is its part of the plan. Undone by {@link Withdraw}. */
    record Enlist(Member member, DeploymentPlan slice, boolean force, ActorRef<AppAnswer> replyTo) implements Request {
        @Override
        public String deploymentId() {
            return slice.id();
        }

        @Override
        public Decision decide(AppState state, Instant now) {
            return MemberChange.enlist(state, member, slice, force, now);
        }
    }

    /** A request without a deployment of its own, answered once what it changes is journaled. */
    sealed interface Direct extends AppCommand {
        ActorRef<AppAnswer> replyTo();

        /** {@code updated}: instances that a deployment counts as done. */
        Outcome decide(AppState state, int updated, Instant now);
    }

    /** What a request changes, and what it is answered with from the state after that. */
    record Outcome(List<AppEvent> events, Function<AppSnapshot, AppAnswer> answer) {
        static Outcome refused(AppChange.Refusal why) {
            return new Outcome(List.of(), snapshot -> new AppAnswer.Refused(snapshot, why));
        }
    }

    /** Ends instances; others take their place. {@code wipe}: and their volumes are destroyed. */
    record KillInstances(List<String> taskIds, boolean wipe, ActorRef<AppAnswer> replyTo) implements Direct {
        public KillInstances {
            taskIds = List.copyOf(taskIds);
        }

        @Override
        public Outcome decide(AppState state, int updated, Instant now) {
            List<Instance> killed =
                    taskIds.stream().flatMap(id -> state.instance(id).stream()).toList();
            List<AppEvent> events = new ArrayList<>(InstanceChange.doom(state, taskIds));
            if (wipe) {
                events.addAll(Homes.wipe(state, taskIds));
            }
            return new Outcome(events, snapshot -> new AppAnswer.Killed(snapshot, killed));
        }
    }

    /** Forgets a deployment where it stands. */
    record Drop(String deploymentId, ActorRef<AppAnswer> replyTo) implements Direct {
        @Override
        public Outcome decide(AppState state, int updated, Instant now) {
            return AppChange.holds(state, deploymentId)
                    ? new Outcome(
                            AppChange.release(state, deploymentId, false),
                            snapshot -> new AppAnswer.Changed(snapshot, deploymentId, now))
                    : Outcome.refused(AppChange.Refusal.NO_SUCH_DEPLOYMENT);
        }
    }

    /** Pauses a deployment, lets it go on, or says that all is well. */
    record Conduct(String deploymentId, DeploymentConduct.Order order, ActorRef<AppAnswer> replyTo) implements Direct {
        @Override
        public Outcome decide(AppState state, int updated, Instant now) {
            return AppChange.holds(state, deploymentId)
                    ? new Outcome(
                            AppChange.conduct(state, deploymentId, order, updated, now),
                            snapshot -> new AppAnswer.Changed(snapshot, deploymentId, now))
                    : Outcome.refused(AppChange.Refusal.NO_SUCH_DEPLOYMENT);
        }
    }

    record ResetDelay(ActorRef<AppAnswer> replyTo) implements Direct {
        @Override
        public Outcome decide(AppState state, int updated, Instant now) {
            if (!state.exists()) {
                return Outcome.refused(AppChange.Refusal.MISSING);
            }
            return new Outcome(
                    state.backoff().isPresent() ? List.of(new AppEvent.BackoffReset()) : List.of(),
                    snapshot -> new AppAnswer.Changed(snapshot, "", now));
        }
    }

    record FindVersion(Instant version, ActorRef<AppAnswer> replyTo) implements Direct {
        @Override
        public Outcome decide(AppState state, int updated, Instant now) {
            return state.version(version)
                    .map(found -> new Outcome(List.of(), snapshot -> new AppAnswer.Found(snapshot, found)))
                    .orElseGet(() -> Outcome.refused(AppChange.Refusal.MISSING));
        }
    }

    /** Sent by every master to every app it knows, so that apps live without traffic; answered with what a view keeps. */
    record Wake(ActorRef<AppSnapshot> replyTo) implements AppCommand {}

    /** Something outside has changed that the app looks at: it looks again. Not answered. */
    record Nudge() implements AppCommand {}

    // --- from the deployment

    record Perform(String deploymentId, int step, DeploymentPlan.Kind kind) implements AppCommand {}

    record Release(String deploymentId) implements AppCommand {}

    /** Asked of apps that wait for their turn; answered only when it is not so. */
    record StillHeld(String deploymentId) implements AppCommand {}

    /** The deployment never began. */
    record Withdraw(String deploymentId) implements AppCommand {}

    // --- from the scheduler

    /** Instances may be launched at these places. Answered by {@link SchedulerMessage.Placed} with those that shall be. */
    record Place(long round, Map<String, Instance.Place> places, ActorRef<SchedulerMessage> replyTo)
            implements AppCommand {
        public Place {
            places = Map.copyOf(places);
        }
    }

    /** These are to end, so that {@code forApp} has their place; others take theirs elsewhere, or later. Not answered. */
    record Preempt(List<String> taskIds, String forApp) implements AppCommand {
        public Preempt {
            taskIds = List.copyOf(taskIds);
        }
    }

    /** In the order in which they came; answered by acknowledgements to the scheduler once journaled. */
    record TaskUpdates(List<TaskStatus> statuses) implements AppCommand {
        public TaskUpdates {
            statuses = List.copyOf(statuses);
        }
    }

    // --- from the owner of service ports, and from the endpoints of this node

    /** No ports: none are left. */
    record PortsGranted(Instant version, List<Integer> ports) implements AppCommand {
        public PortsGranted {
            ports = List.copyOf(ports);
        }
    }

    record PortsReleased() implements AppCommand {}

    /** A home that was given up is no more: its volumes are destroyed, and what was reserved is free. */
    record HomeReleased(String home) implements AppCommand {}

    /** Every replica has these endpoints, or had its time. */
    record EndpointsWritten(long revision) implements AppCommand {}
}
