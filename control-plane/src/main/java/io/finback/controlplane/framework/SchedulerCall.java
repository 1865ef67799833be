package io.finback.controlplane.framework;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.controlplane.ingress.Ingress;
import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import io.finback.tasks.Bytes;
import io.finback.tasks.TaskInfo;
import io.finback.wire.WireMessage;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a scheduler asks of its framework's sharded entity (entity id = framework id). The built-in service scheduler and outside
 * Mesos frameworks use the same calls. Source: Mesos v1 scheduler calls.
 */
public sealed interface SchedulerCall extends FrameworkMessage {
    EntityTypeKey<FrameworkMessage> KEY = EntityTypeKey.create(FrameworkMessage.class, "Framework");

    /**
     * Starts (or takes over) the subscription. Answered by {@link SchedulerEvent.Subscribed} to {@code scheduler}, or by {@link
     * SchedulerEvent.Ended} and nothing more; then every unacknowledged update is sent again. A scheduler that hears nothing repeats
     * it; the same {@code scheduler} subscribing again changes nothing.
     *
     * @param suppressed those of its roles for which it wants no offers for now
     * @param streamId names the subscription; every later call carries it. Empty: a built-in scheduler
     */
    record Subscribe(
            FrameworkInfo info,
            Set<String> suppressed,
            OfferConstraints constraints,
            Optional<String> streamId,
            ActorRef<SchedulerEvent> scheduler)
            implements SchedulerCall {
        public Subscribe {
            suppressed = Set.copyOf(suppressed);
        }

        public Subscribe(FrameworkInfo info, ActorRef<SchedulerEvent> scheduler) {
            this(info, Set.of(), OfferConstraints.NONE, Optional.empty(), scheduler);
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.subscribe(this);
        }
    }

    /**
     * Uses offers of one agent and one role; what is left of them returns to the allocator, filtered for {@code refuse}. Operations are
     * done in order, and later ones may use what earlier ones made. Once answered with {@link CallAnswer.Done} all of it is durable: each
     * task is either delivered to the agent or ends with a status update if the offers no longer stood. A task id the framework
     * already has is not launched again.
     */
    record Accept(Caller caller, List<OfferId> offers, List<Operation> operations, Duration refuse)
            implements SchedulerCall, Ingress.Heavy {
        public Accept {
            offers = List.copyOf(offers);
            operations = List.copyOf(operations);
        }

        /** Launches alone. */
        public static Accept launch(Caller caller, List<OfferId> offers, List<TaskInfo> tasks, Duration refuse) {
            return new Accept(caller, offers, List.of(new Operation.Launch(tasks)), refuse);
        }

        @Override
        public int weight() {
            return operations.stream().mapToInt(Operation::size).sum();
        }

        /** Every task of its launches, in order. */
        public List<TaskInfo> launches() {
            return operations.stream()
                    .flatMap(operation -> operation.tasks().stream())
                    .toList();
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.accept(this);
        }
    }

    /** The offers are not wanted, nor what they hold for {@code refuse}. */
    record Decline(Caller caller, List<OfferId> offers, Duration refuse) implements SchedulerCall {
        public Decline {
            offers = List.copyOf(offers);
        }

        public Decline(List<OfferId> offers, Duration refuse) {
            this(Caller.BUILT_IN, offers, refuse);
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.decline(this);
        }
    }

    /** Says whether the framework will leave in time; recorded for operators. */
    record AnswerInverse(Caller caller, List<OfferId> inverseOffers, boolean accepted, Duration refuse)
            implements SchedulerCall {
        public AnswerInverse {
            inverseOffers = List.copyOf(inverseOffers);
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.answerInverse(this);
        }
    }

    /** No offers for these roles (none named: for all) until {@link Revive}. */
    record Suppress(Caller caller, Set<String> roles) implements SchedulerCall {
        public Suppress {
            roles = Set.copyOf(roles);
        }

        public Suppress() {
            this(Caller.BUILT_IN, Set.of());
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.suppress(this);
        }
    }

    /** Forgets the filters of these roles (none named: of all) and offers again at once. */
    record Revive(Caller caller, Set<String> roles) implements SchedulerCall {
        public Revive {
            roles = Set.copyOf(roles);
        }

        public Revive() {
            this(Caller.BUILT_IN, Set.of());
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.revive(this);
        }
    }

    /** Ends a task. Repeating it is harmless; an unknown task is answered with an update, as {@link Reconcile} would. */
    record Kill(Caller caller, TaskId task, Optional<AgentId> agent, Optional<Duration> grace)
            implements SchedulerCall {
        public Kill(TaskId task, Optional<AgentId> agent, Optional<Duration> grace) {
            this(Caller.BUILT_IN, task, agent, grace);
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.kill(this);
        }
    }

    /** The update of this uuid has been taken. */
    record Acknowledge(Caller caller, TaskId task, String uuid) implements SchedulerCall {
        public Acknowledge(TaskId task, String uuid) {
            this(Caller.BUILT_IN, task, uuid);
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.acknowledge(this);
        }
    }

    /** The operation's status of this uuid has been taken. */
    record AcknowledgeOperation(Caller caller, String operation, String uuid) implements SchedulerCall {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.acknowledgeOperation(this);
        }
    }

    /** Asks for the current state of these tasks, or of all when empty; answered with updates without uuid, reason RECONCILIATION. */
    record Reconcile(Caller caller, List<Asked> tasks) implements SchedulerCall {
        public Reconcile {
            tasks = List.copyOf(tasks);
        }

        public Reconcile(List<TaskId> tasks) {
            this(
                    Caller.BUILT_IN,
                    tasks.stream()
                            .map(task -> new Asked(task, Optional.empty()))
                            .toList());
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.reconcile(this);
        }
    }

    /** Asks for the current state of these operations, or of all when empty. */
    record ReconcileOperations(Caller caller, List<String> operations) implements SchedulerCall {
        public ReconcileOperations {
            operations = List.copyOf(operations);
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.reconcileOperations(this);
        }
    }

    /** Mesos' {@code UPDATE_FRAMEWORK}: everything but principal, user and checkpoint may change. */
    record Update(Caller caller, FrameworkInfo info, Set<String> suppressed, OfferConstraints constraints)
            implements SchedulerCall {
        public Update {
            suppressed = Set.copyOf(suppressed);
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.update(this);
        }
    }

    /** Words for an executor, unread; lost if it cannot be reached. */
    record Message(Caller caller, AgentId agent, String executor, Bytes data) implements SchedulerCall {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.message(this);
        }
    }

    /** Ends an executor and its tasks; one that is not there is none. */
    record ShutdownExecutor(Caller caller, AgentId agent, String executor) implements SchedulerCall {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.shutdownExecutor(this);
        }
    }

    /** A call that has no effect here but must be checked like any other: {@code REQUEST}. */
    record ToNobody(Caller caller, String what) implements SchedulerCall {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.toNobody(this);
        }
    }

    /** Kills every task and forgets the framework. {@code byOperator}: no subscription is asked for. */
    record Teardown(Caller caller, boolean byOperator) implements SchedulerCall {
        public Teardown() {
            this(Caller.BUILT_IN, true);
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.teardown(this);
        }
    }

    /** A task asked about, and where it is believed to be. */
    record Asked(TaskId task, Optional<AgentId> agent) {}

    /** One thing to be done with accepted offers. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Operation.Launch.class, name = "launch"),
        @JsonSubTypes.Type(value = Operation.LaunchGroup.class, name = "launch_group"),
        @JsonSubTypes.Type(value = Operation.Change.class, name = "change"),
        @JsonSubTypes.Type(value = Operation.Unsupported.class, name = "unsupported")
    })
    sealed interface Operation extends WireMessage {
        /** What it launches one by one. */
        default List<TaskInfo> tasks() {
            return List.of();
        }

        /** How many tasks it is about, right or wrong; at least 1. */
        default int size() {
            return 1;
        }

        /** Launches each; one that is wrong does not keep the others. */
        record Launch(List<TaskInfo> tasks, List<Rejected> rejected) implements Operation {
            public Launch {
                tasks = List.copyOf(tasks);
                rejected = List.copyOf(rejected);
            }

            public Launch(List<TaskInfo> tasks) {
                this(tasks, List.of());
            }

            @Override
            public int size() {
                return Math.max(1, tasks.size() + rejected.size());
            }
        }

        /** All or none; each task names the executor and the group. */
        record LaunchGroup(List<TaskInfo> group, List<Rejected> rejected) implements Operation {
            public LaunchGroup {
                group = List.copyOf(group);
                rejected = List.copyOf(rejected);
            }

            @Override
            public int size() {
                return Math.max(1, group.size() + rejected.size());
            }
        }

        /**
         * A task whose description is wrong or wants what cannot be done here, so that there is no {@link TaskInfo} of it. Answered
         * with {@code TASK_ERROR}, as if its own check had found it.
         *
         * @param task its id as it came, whatever that is
         * @param message names the field, the value and what was expected
         */
        record Rejected(String task, AgentId agent, String message) {}

        /**
         * Reserves, unreserves, creates or destroys.
         *
         * @param id the framework's name for it; present: it wants to hear what became of it
         */
        record Change(Optional<String> id, ResourceOperation change) implements Operation {}

        /** Something no agent here can do; answered as failed if it has an {@code id}. */
        record Unsupported(Optional<String> id, String type) implements Operation {}
    }
}
