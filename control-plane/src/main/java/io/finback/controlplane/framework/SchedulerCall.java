package io.finback.controlplane.framework;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskInfo;
import io.finback.wire.WireMessage;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a scheduler asks of its framework's sharded entity (entity id = framework id). The built-in service scheduler and outside
 * Mesos frameworks use the same calls. Source: Mesos v1 scheduler calls.
 */
public sealed interface SchedulerCall extends FrameworkMessage {
    EntityTypeKey<FrameworkMessage> KEY = EntityTypeKey.create(FrameworkMessage.class, "Framework");

    /**
     * Starts (or takes over) the subscription. Answered by {@link SchedulerEvent.Subscribed} to {@code scheduler}; then every
     * unacknowledged update is sent again. A scheduler that hears nothing repeats it; the same {@code scheduler} subscribing again
     * changes nothing.
     */
    record Subscribe(FrameworkInfo info, ActorRef<SchedulerEvent> scheduler) implements SchedulerCall {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.subscribe(this);
        }
    }

    /**
     * Launches tasks on offers of one agent; what is left of the offers returns to the allocator, filtered for {@code refuse}.
     * Once {@link Accepted} is answered the tasks are durable: each is either delivered to the agent or ends with a status update
     * ({@code LOST}, reason {@code INVALID_OFFERS}) if the offers no longer stood. A task id the framework already has is not
     * launched again and not answered with an update.
     */
    record Accept(List<OfferId> offers, List<TaskInfo> launches, Duration refuse, ActorRef<AcceptReply> replyTo)
            implements SchedulerCall {
        public Accept {
            offers = List.copyOf(offers);
            launches = List.copyOf(launches);
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.accept(this);
        }
    }

    record Decline(List<OfferId> offers, Duration refuse) implements SchedulerCall {
        public Decline {
            offers = List.copyOf(offers);
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.decline(this);
        }
    }

    /** No offers until {@link Revive}. */
    record Suppress() implements SchedulerCall {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.suppress(this);
        }
    }

    /** Forgets this framework's filters and offers again at once. */
    record Revive() implements SchedulerCall {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.revive(this);
        }
    }

    /** Ends a task. Repeating it is harmless; an unknown task is answered with an update of state {@code LOST}. */
    record Kill(TaskId task, Optional<AgentId> agent, Optional<Duration> grace) implements SchedulerCall {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.kill(this);
        }
    }

    record Acknowledge(TaskId task, String uuid) implements SchedulerCall {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.acknowledge(this);
        }
    }

    /** Asks for the current state of these tasks, or of all when empty; answered with updates without uuid, reason RECONCILIATION. */
    record Reconcile(List<TaskId> tasks) implements SchedulerCall {
        public Reconcile {
            tasks = List.copyOf(tasks);
        }

        @Override
        public void deliver(FrameworkHandler handler) {
            handler.reconcile(this);
        }
    }

    /** Kills every task and forgets the framework. */
    record Teardown() implements SchedulerCall {
        @Override
        public void deliver(FrameworkHandler handler) {
            handler.teardown(this);
        }
    }

    /** The answer to {@link Accept}. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Accepted.class, name = "accepted"),
        @JsonSubTypes.Type(value = AcceptRefused.class, name = "refused")
    })
    sealed interface AcceptReply extends WireMessage {}

    /** The tasks are journaled. */
    record Accepted() implements AcceptReply {}

    /** Nothing was changed. */
    record AcceptRefused(String reason) implements AcceptReply {}
}
