package io.finback.controlplane.mesosapi;

import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.mesos.translate.ResourceMessages;
import io.finback.mesos.translate.StatusMessages;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.Protos.Offer;
import org.apache.mesos.v1.master.Protos.Response;

/** Operations that frameworks have named, for {@code GET_OPERATIONS}: from the accept until their scheduler has taken their end. */
final class OperationMessages {
    private OperationMessages() {}

    static Response.GetOperations all(ClusterSnapshot view) {
        Response.GetOperations.Builder all = Response.GetOperations.newBuilder();
        for (ClusterSnapshot.Framework framework : view.shownFrameworks()) {
            for (FrameworkDelta.Operation operation : framework.operations()) {
                all.addOperations(message(framework.id().value(), operation));
            }
        }
        return all.build();
    }

    private static Protos.Operation message(String framework, FrameworkDelta.Operation operation) {
        Protos.OperationID id =
                Protos.OperationID.newBuilder().setValue(operation.id()).build();
        Protos.OperationStatus.Builder status = Protos.OperationStatus.newBuilder()
                .setOperationId(id)
                .setState(Protos.OperationState.valueOf(
                        "OPERATION_" + operation.state().name()));
        operation.message().ifPresent(status::setMessage);
        operation.uuid().ifPresent(uuid -> status.setUuid(uuid(UUID.fromString(uuid))));
        Protos.Operation.Builder message = Protos.Operation.newBuilder()
                .setFrameworkId(Protos.FrameworkID.newBuilder().setValue(framework))
                .setInfo(info(id, operation.change()))
                // Mesos' own name for it, which nobody needs here; the same whenever it is asked for.
                .setUuid(uuid(
                        UUID.nameUUIDFromBytes((framework + "/" + operation.id()).getBytes(StandardCharsets.UTF_8))));
        operation.agent().ifPresent(agent -> {
            Protos.AgentID at =
                    Protos.AgentID.newBuilder().setValue(agent.value()).build();
            status.setAgentId(at);
            message.setAgentId(at);
        });
        return message.setLatestStatus(status).addStatuses(status).build();
    }

    private static Offer.Operation info(Protos.OperationID id, Optional<ResourceOperation> change) {
        Offer.Operation.Builder info = Offer.Operation.newBuilder().setId(id);
        if (change.isEmpty()) {
            return info.setType(Offer.Operation.Type.UNKNOWN).build();
        }
        List<Protos.Resource> resources =
                ResourceMessages.to(change.get().resources(), ResourceMessages.Format.REFINED, Optional.empty());
        return switch (change.get().type()) {
            case RESERVE ->
                info.setType(Offer.Operation.Type.RESERVE)
                        .setReserve(Offer.Operation.Reserve.newBuilder().addAllResources(resources))
                        .build();
            case UNRESERVE ->
                info.setType(Offer.Operation.Type.UNRESERVE)
                        .setUnreserve(Offer.Operation.Unreserve.newBuilder().addAllResources(resources))
                        .build();
            case CREATE ->
                info.setType(Offer.Operation.Type.CREATE)
                        .setCreate(Offer.Operation.Create.newBuilder().addAllVolumes(resources))
                        .build();
            case DESTROY ->
                info.setType(Offer.Operation.Type.DESTROY)
                        .setDestroy(Offer.Operation.Destroy.newBuilder().addAllVolumes(resources))
                        .build();
        };
    }

    private static Protos.UUID uuid(UUID uuid) {
        return Protos.UUID
                .newBuilder()
                .setValue(StatusMessages.bytes(uuid.toString()))
                .build();
    }
}
