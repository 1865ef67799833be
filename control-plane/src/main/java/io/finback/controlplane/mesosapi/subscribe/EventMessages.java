package io.finback.controlplane.mesosapi.subscribe;

import com.google.protobuf.ByteString;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.framework.SchedulerEvent;
import io.finback.controlplane.mesosapi.translate.OfferMessages;
import io.finback.mesos.translate.ExecutorMessages;
import io.finback.mesos.translate.StatusMessages;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import java.time.Duration;
import java.util.List;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.Protos.MasterInfo;
import org.apache.mesos.v1.scheduler.Protos.Event;

/** What a framework's entity says, in v1 events. */
final class EventMessages {
    private EventMessages() {}

    static Event subscribed(FrameworkId framework, Duration heartbeat, MasterInfo master) {
        return Event.newBuilder()
                .setType(Event.Type.SUBSCRIBED)
                .setSubscribed(Event.Subscribed.newBuilder()
                        .setFrameworkId(Protos.FrameworkID.newBuilder().setValue(framework.value()))
                        .setHeartbeatIntervalSeconds(heartbeat.toNanos() / 1e9)
                        .setMasterInfo(master))
                .build();
    }

    static Event heartbeat() {
        return Event.newBuilder().setType(Event.Type.HEARTBEAT).build();
    }

    static Event error(String message) {
        return Event.newBuilder()
                .setType(Event.Type.ERROR)
                .setError(Event.Error.newBuilder().setMessage(message))
                .build();
    }

    static Event offers(SchedulerEvent.Offers offers, FrameworkInfo reader) {
        Event.Offers.Builder message = Event.Offers.newBuilder();
        offers.offers().forEach(offer -> message.addOffers(OfferMessages.to(offer, reader)));
        return Event.newBuilder().setType(Event.Type.OFFERS).setOffers(message).build();
    }

    static Event inverseOffers(SchedulerEvent.InverseOffers offers) {
        Event.InverseOffers.Builder message = Event.InverseOffers.newBuilder();
        offers.offers().forEach(offer -> message.addInverseOffers(OfferMessages.to(offer)));
        return Event.newBuilder()
                .setType(Event.Type.INVERSE_OFFERS)
                .setInverseOffers(message)
                .build();
    }

    static List<Event> rescind(SchedulerEvent.Rescind rescind) {
        return rescind.offers().stream()
                .map(offer -> Event.newBuilder()
                        .setType(Event.Type.RESCIND)
                        .setRescind(Event.Rescind.newBuilder().setOfferId(id(offer)))
                        .build())
                .toList();
    }

    static List<Event> rescindInverse(SchedulerEvent.RescindInverse rescind) {
        return rescind.offers().stream()
                .map(offer -> Event.newBuilder()
                        .setType(Event.Type.RESCIND_INVERSE_OFFER)
                        .setRescindInverseOffer(
                                Event.RescindInverseOffer.newBuilder().setInverseOfferId(id(offer)))
                        .build())
                .toList();
    }

    static Event update(SchedulerEvent.Update update) {
        return Event.newBuilder()
                .setType(Event.Type.UPDATE)
                .setUpdate(Event.Update.newBuilder().setStatus(StatusMessages.to(update.status())))
                .build();
    }

    /** A task that never was: told once, without uuid. */
    static Event rejected(SchedulerEvent.TaskRejected rejected) {
        Protos.TaskStatus.Builder status = Protos.TaskStatus.newBuilder()
                .setTaskId(Protos.TaskID.newBuilder().setValue(rejected.task()))
                .setAgentId(
                        Protos.AgentID.newBuilder().setValue(rejected.agent().value()))
                .setState(Protos.TaskState.TASK_ERROR)
                .setSource(Protos.TaskStatus.Source.SOURCE_MASTER)
                .setMessage(rejected.message())
                .setTimestamp(System.currentTimeMillis() / 1e3);
        StatusMessages.reason(rejected.reason()).ifPresent(status::setReason);
        return Event.newBuilder()
                .setType(Event.Type.UPDATE)
                .setUpdate(Event.Update.newBuilder().setStatus(status))
                .build();
    }

    static Event operation(SchedulerEvent.OperationUpdate update) {
        Protos.OperationStatus.Builder status = Protos.OperationStatus.newBuilder()
                .setOperationId(Protos.OperationID.newBuilder().setValue(update.operation()))
                .setState(Protos.OperationState.valueOf(
                        "OPERATION_" + update.state().name()));
        update.message().ifPresent(status::setMessage);
        update.uuid().ifPresent(uuid -> status.setUuid(Protos.UUID.newBuilder().setValue(bytes(uuid))));
        update.agent()
                .ifPresent(
                        agent -> status.setAgentId(Protos.AgentID.newBuilder().setValue(agent.value())));
        return Event.newBuilder()
                .setType(Event.Type.UPDATE_OPERATION_STATUS)
                .setUpdateOperationStatus(
                        Event.UpdateOperationStatus.newBuilder().setStatus(status))
                .build();
    }

    static Event failure(SchedulerEvent.AgentFailure failure) {
        return Event.newBuilder()
                .setType(Event.Type.FAILURE)
                .setFailure(Event.Failure.newBuilder()
                        .setAgentId(Protos.AgentID.newBuilder()
                                .setValue(failure.agent().value())))
                .build();
    }

    static Event failure(SchedulerEvent.ExecutorFailure failure) {
        Event.Failure.Builder message = Event.Failure.newBuilder()
                .setAgentId(Protos.AgentID.newBuilder().setValue(failure.agent().value()))
                .setExecutorId(Protos.ExecutorID.newBuilder().setValue(failure.executor()));
        failure.status().ifPresent(message::setStatus);
        return Event.newBuilder()
                .setType(Event.Type.FAILURE)
                .setFailure(message)
                .build();
    }

    static Event message(SchedulerEvent.ExecutorMessage message) {
        return Event.newBuilder()
                .setType(Event.Type.MESSAGE)
                .setMessage(Event.Message.newBuilder()
                        .setAgentId(Protos.AgentID.newBuilder()
                                .setValue(message.agent().value()))
                        .setExecutorId(Protos.ExecutorID.newBuilder().setValue(message.executor()))
                        .setData(ExecutorMessages.bytes(message.data())))
                .build();
    }

    private static ByteString bytes(String uuid) {
        return StatusMessages.bytes(uuid);
    }

    private static Protos.OfferID id(OfferId offer) {
        return Protos.OfferID.newBuilder().setValue(offer.value()).build();
    }
}
