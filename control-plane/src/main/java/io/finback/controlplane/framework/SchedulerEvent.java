package io.finback.controlplane.framework;

import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.tasks.TaskStatus;
import io.finback.wire.WireMessage;
import java.util.List;

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

    /** Another scheduler has subscribed as this framework, or it was torn down; nothing more will come. */
    record Disconnected(String reason) implements SchedulerEvent {}
}
