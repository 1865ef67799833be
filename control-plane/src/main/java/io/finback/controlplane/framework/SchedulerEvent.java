package io.finback.controlplane.framework;

import io.finback.controlplane.allocator.MaintenanceSchedule;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.tasks.Bytes;
import io.finback.tasks.TaskStatus;
import io.finback.wire.WireMessage;
import java.util.List;
import java.util.Optional;

/** What a framework's entity tells its scheduler. Source: Mesos v1 scheduler events. */
public sealed interface SchedulerEvent extends WireMessage {

    /** The subscription holds; every earlier one of this framework has ended. */
    record Subscribed(FrameworkId framework) implements SchedulerEvent {}

    record Offers(List<Offer> offers) implements SchedulerEvent {
        public Offers {
            offers = List.copyOf(offers);
        }
    }

    /** These offers can no longer be accepted. */
    record Rescind(List<OfferId> offers) implements SchedulerEvent {
        public Rescind {
            offers = List.copyOf(offers);
        }
    }

    /** Resent until acknowledged with {@link SchedulerCall.Acknowledge} if {@code status.uuid} is present. In order per task. */
    record Update(TaskStatus status) implements SchedulerEvent {}

    /**
     * A task that was not launched, under whatever id it came: {@code TASK_ERROR} of the master, told once, without uuid. For ids that
     * can name no task, and for those of another task that is there.
     *
     * @param reason Mesos' reason without {@code REASON_}
     */
    record TaskRejected(String task, AgentId agent, String reason, String message) implements SchedulerEvent {}

    /** Another scheduler has subscribed as this framework, or it was torn down; nothing more will come. */
    record Disconnected(String reason) implements SchedulerEvent {}

    /** The agents of these offers shall be left; answered by {@link SchedulerCall.AnswerInverse}. */
    record InverseOffers(List<InverseOffer> offers) implements SchedulerEvent {
        public InverseOffers {
            offers = List.copyOf(offers);
        }
    }

    record InverseOffer(
            OfferId id, FrameworkId framework, AgentId agent, MaintenanceSchedule.Unavailability unavailability) {}

    /** These inverse offers no longer matter. */
    record RescindInverse(List<OfferId> offers) implements SchedulerEvent {
        public RescindInverse {
            offers = List.copyOf(offers);
        }
    }

    /** What became of an operation that has an id. Resent until acknowledged if {@code uuid} is present. */
    record OperationUpdate(
            String operation,
            OperationState state,
            Optional<String> message,
            Optional<String> uuid,
            Optional<AgentId> agent)
            implements SchedulerEvent {}

    /** Source: Mesos {@code OperationState}, numbers 0 to 9. */
    enum OperationState {
        UNSUPPORTED,
        PENDING,
        FINISHED,
        FAILED,
        ERROR,
        DROPPED,
        UNREACHABLE,
        GONE_BY_OPERATOR,
        RECOVERING,
        UNKNOWN
    }

    /** What the framework says of itself has changed: what follows is written for this, whichever master was told. */
    record InfoChanged(FrameworkInfo info) implements SchedulerEvent {}

    /** The agent is gone; its tasks are told of one by one. */
    record AgentFailure(AgentId agent) implements SchedulerEvent {}

    /**
     * An executor has ended, and with it its tasks, which are told of one by one.
     *
     * @param status the number {@code wait(2)} gave
     */
    record ExecutorFailure(AgentId agent, String executor, Optional<Integer> status) implements SchedulerEvent {}

    /** Words of an executor, unread; told once. */
    record ExecutorMessage(AgentId agent, String executor, Bytes data) implements SchedulerEvent {}

    /** Mesos' {@code ERROR}: the subscription is refused or has ended for good; nothing more will come. */
    record Ended(String message) implements SchedulerEvent {}
}
