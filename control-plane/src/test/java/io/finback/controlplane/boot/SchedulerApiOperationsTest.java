package io.finback.controlplane.boot;

import static io.finback.controlplane.boot.FrameworkWords.acknowledge;
import static io.finback.controlplane.boot.FrameworkWords.amount;
import static io.finback.controlplane.boot.FrameworkWords.info;
import static io.finback.controlplane.boot.FrameworkWords.launched;
import static io.finback.controlplane.boot.FrameworkWords.offer;
import static io.finback.controlplane.boot.FrameworkWords.scalar;
import static io.finback.controlplane.boot.FrameworkWords.task;
import static io.finback.controlplane.boot.FrameworkWords.update;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestProbe;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.protobuf.ByteString;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocation.OperatorCommand;
import io.finback.controlplane.allocation.OperatorReply;
import io.finback.controlplane.allocator.MaintenanceSchedule;
import io.finback.mesos.v1.Encoding;
import io.finback.resources.Resources;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.mesos.v1.Protos.AgentID;
import org.apache.mesos.v1.Protos.InverseOffer;
import org.apache.mesos.v1.Protos.Offer;
import org.apache.mesos.v1.Protos.OfferID;
import org.apache.mesos.v1.Protos.OperationID;
import org.apache.mesos.v1.Protos.OperationState;
import org.apache.mesos.v1.Protos.OperationStatus;
import org.apache.mesos.v1.Protos.Resource;
import org.apache.mesos.v1.Protos.Volume;
import org.apache.mesos.v1.scheduler.Protos.Call;
import org.apache.mesos.v1.scheduler.Protos.Event;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Operations on resources, what became of them, and inverse offers, through the scheduler API over sockets. */
class SchedulerApiOperationsTest {
    @TempDir
    Path data;

    private static Resource reserved(Resource plain) {
        return plain.toBuilder()
                .addReservations(Resource.ReservationInfo.newBuilder()
                        .setType(Resource.ReservationInfo.Type.DYNAMIC)
                        .setRole("dev"))
                .build();
    }

    private static Resource volume(double megabytes) {
        return reserved(scalar("disk", megabytes)).toBuilder()
                .setDisk(Resource.DiskInfo.newBuilder()
                        .setPersistence(Resource.DiskInfo.Persistence.newBuilder()
                                .setId("v1")
                                .setPrincipal(""))
                        .setVolume(Volume.newBuilder().setContainerPath("data").setMode(Volume.Mode.RW)))
                .build();
    }

    private static Offer.Operation reserve(String id, Resource... resources) {
        return named(id, Offer.Operation.Type.RESERVE)
                .setReserve(Offer.Operation.Reserve.newBuilder().addAllResources(List.of(resources)))
                .build();
    }

    private static Offer.Operation unreserve(String id, Resource... resources) {
        return named(id, Offer.Operation.Type.UNRESERVE)
                .setUnreserve(Offer.Operation.Unreserve.newBuilder().addAllResources(List.of(resources)))
                .build();
    }

    private static Offer.Operation create(String id, Resource volume) {
        return named(id, Offer.Operation.Type.CREATE)
                .setCreate(Offer.Operation.Create.newBuilder().addVolumes(volume))
                .build();
    }

    private static Offer.Operation destroy(String id, Resource volume) {
        return named(id, Offer.Operation.Type.DESTROY)
                .setDestroy(Offer.Operation.Destroy.newBuilder().addVolumes(volume))
                .build();
    }

    private static Offer.Operation.Builder named(String id, Offer.Operation.Type type) {
        Offer.Operation.Builder operation = Offer.Operation.newBuilder().setType(type);
        return id.isEmpty()
                ? operation
                : operation.setId(OperationID.newBuilder().setValue(id));
    }

    private static Call.Builder accept(OfferID offer, Offer.Operation... operations) {
        return Call.newBuilder()
                .setType(Call.Type.ACCEPT)
                .setAccept(Call.Accept.newBuilder()
                        .addOfferIds(offer)
                        .addAllOperations(List.of(operations))
                        .setFilters(
                                org.apache.mesos.v1.Protos.Filters.newBuilder().setRefuseSeconds(0)));
    }

    @CanIgnoreReturnValue
    private static OperationStatus operation(SchedulerClient.Stream stream, String id, OperationState state) {
        return stream.next(event -> event.getType() == Event.Type.UPDATE_OPERATION_STATUS
                        && event.getUpdateOperationStatus()
                                .getStatus()
                                .getOperationId()
                                .getValue()
                                .equals(id)
                        && event.getUpdateOperationStatus().getStatus().getState() == state)
                .getUpdateOperationStatus()
                .getStatus();
    }

    private static void taken(SchedulerClient.Stream stream, OperationStatus status) {
        stream.take(Call.newBuilder()
                .setType(Call.Type.ACKNOWLEDGE_OPERATION_STATUS)
                .setAcknowledgeOperationStatus(Call.AcknowledgeOperationStatus.newBuilder()
                        .setAgentId(status.getAgentId())
                        .setUuid(status.getUuid().getValue())
                        .setOperationId(status.getOperationId())));
    }

    private static Call.Builder reconcile(String... operations) {
        Call.ReconcileOperations.Builder asked = Call.ReconcileOperations.newBuilder();
        for (String id : operations) {
            asked.addOperations(Call.ReconcileOperations.Operation.newBuilder()
                    .setOperationId(OperationID.newBuilder().setValue(id)));
        }
        return Call.newBuilder().setType(Call.Type.RECONCILE_OPERATIONS).setReconcileOperations(asked);
    }

    /** The next offer in which so much cpu is reserved, and of all so much. */
    private static Offer reservedOffer(SchedulerClient.Stream stream, double cpus) {
        return stream.next(event -> event.getType() == Event.Type.OFFERS
                        && event.getOffers().getOffers(0).getResourcesList().stream()
                                        .filter(resource -> resource.getName().equals("cpus")
                                                && resource.getReservationsCount() > 0)
                                        .mapToDouble(
                                                resource -> resource.getScalar().getValue())
                                        .sum()
                                == cpus)
                .getOffers()
                .getOffers(0);
    }

    private static boolean hasVolume(Offer offer) {
        return offer.getResourcesList().stream()
                .anyMatch(
                        resource -> resource.getDisk().getPersistence().getId().equals("v1"));
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void whatIsReservedAndCreatedIsOfferedAsSuchUntilItIsUndone(Encoding encoding) {
        try (ApiHarness harness = new ApiHarness(data, Map.of());
                SchedulerClient.Stream stream = harness.client(encoding).subscribe(info("owner"))) {
            ScriptedAgent agent = new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 1000)).register();
            Offer whole = offer(stream, 4, 4096);
            Resource cpus = reserved(scalar("cpus", 2));
            Resource disk = reserved(scalar("disk", 100));
            // Each uses what the one before it has made; the task uses reserved cpus.
            stream.take(accept(
                    whole.getId(),
                    reserve("r1", cpus, disk),
                    create("c1", volume(100)),
                    Offer.Operation.newBuilder()
                            .setType(Offer.Operation.Type.LAUNCH)
                            .setLaunch(Offer.Operation.Launch.newBuilder()
                                    .addTaskInfos(task("t1", whole.getAgentId(), 0, 0)
                                            .clearResources()
                                            .addResources(reserved(scalar("cpus", 0.5)))
                                            .addResources(scalar("mem", 128))))
                            .build()));
            OperationStatus reserved = operation(stream, "r1", OperationState.OPERATION_FINISHED);
            assertThat(reserved.getUuid().getValue().size()).isEqualTo(16);
            assertThat(reserved.getAgentId()).isEqualTo(whole.getAgentId());
            stream.rewind();
            taken(stream, operation(stream, "c1", OperationState.OPERATION_FINISHED));
            var unused1 = launched(agent, "t1");
            stream.rewind();
            Offer later = reservedOffer(stream, 1.5);
            assertThat(hasVolume(later)).isTrue();
            assertThat(amount(later, "cpus")).isEqualTo(3.5);

            // Not acknowledged, so it comes again; acknowledged, it is forgotten.
            OperationStatus again = operation(stream, "r1", OperationState.OPERATION_FINISHED);
            assertThat(again.getUuid()).isEqualTo(reserved.getUuid());
            stream.take(reconcile());
            assertThat(stream.next(event -> event.getType() == Event.Type.UPDATE_OPERATION_STATUS
                                    && !event.getUpdateOperationStatus()
                                            .getStatus()
                                            .hasUuid())
                            .getUpdateOperationStatus()
                            .getStatus()
                            .getOperationId()
                            .getValue())
                    .isEqualTo("r1");
            taken(stream, again);
            stream.take(reconcile("r1", "never"));
            operation(stream, "r1", OperationState.OPERATION_UNKNOWN);
            operation(stream, "never", OperationState.OPERATION_UNKNOWN);

            undo(stream, later, disk);
        }
    }

    private static void undo(SchedulerClient.Stream stream, Offer later, Resource disk) {
        stream.take(accept(
                later.getId(),
                destroy("d1", volume(100)),
                unreserve("u1", reserved(scalar("cpus", 1.5)), disk),
                // Nothing of that is left.
                unreserve("u2", disk),
                reserve("", scalar("mem", 1))));
        taken(stream, operation(stream, "d1", OperationState.OPERATION_FINISHED));
        stream.rewind();
        taken(stream, operation(stream, "u1", OperationState.OPERATION_FINISHED));
        stream.rewind();
        OperationStatus refused = operation(stream, "u2", OperationState.OPERATION_ERROR);
        assertThat(refused.getMessage()).isNotEmpty();
        taken(stream, refused);
        stream.rewind();
        Offer plain = stream.next(event -> event.getType() == Event.Type.OFFERS
                        && !event.getOffers().getOffers(0).getId().equals(later.getId())
                        && amount(event.getOffers().getOffers(0), "disk") == 1000
                        && !hasVolume(event.getOffers().getOffers(0)))
                .getOffers()
                .getOffers(0);
        assertThat(plain.getResourcesList()).allSatisfy(resource -> assertThat(resource.getReservationsCount())
                .isZero());
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void operationsThatAreWrongAreErrorsAndTheOthersAreDone(Encoding encoding) {
        try (ApiHarness harness = new ApiHarness(data, Map.of());
                SchedulerClient.Stream stream = harness.client(encoding).subscribe(info("wrong"))) {
            new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 1000)).register();
            Offer whole = offer(stream, 4, 4096);
            Resource other = scalar("cpus", 1).toBuilder()
                    .addReservations(Resource.ReservationInfo.newBuilder()
                            .setType(Resource.ReservationInfo.Type.DYNAMIC)
                            .setRole("ops"))
                    .build();
            stream.take(accept(
                    whole.getId(),
                    reserve("other-role", other),
                    reserve("too-much", reserved(scalar("cpus", 100))),
                    create("no-disk", volume(5000)),
                    named("grow", Offer.Operation.Type.GROW_VOLUME)
                            .setGrowVolume(Offer.Operation.GrowVolume.newBuilder()
                                    .setVolume(volume(1))
                                    .setAddition(reserved(scalar("disk", 1))))
                            .build(),
                    reserve("good", reserved(scalar("cpus", 1)))));
            for (String id : List.of("other-role", "too-much", "no-disk", "grow")) {
                OperationStatus status = operation(stream, id, OperationState.OPERATION_ERROR);
                assertThat(status.getMessage()).as(id).isNotEmpty();
                taken(stream, status);
                stream.rewind();
            }
            taken(stream, operation(stream, "good", OperationState.OPERATION_FINISHED));
            var unused2 = reservedOffer(stream, 1);
            // An operation needs an offer that stands.
            stream.take(accept(whole.getId(), reserve("late", reserved(scalar("cpus", 1)))));
            operation(stream, "late", OperationState.OPERATION_ERROR);
        }
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void anAcknowledgementThatSaysTooLittleIsRefused(Encoding encoding) {
        try (ApiHarness harness = new ApiHarness(data, Map.of());
                SchedulerClient.Stream stream = harness.client(encoding).subscribe(info("short"))) {
            Call.AcknowledgeOperationStatus.Builder words = Call.AcknowledgeOperationStatus.newBuilder()
                    .setOperationId(OperationID.newBuilder().setValue("x"))
                    .setUuid(ByteString.copyFrom(new byte[16]));
            Call.Builder call = Call.newBuilder().setType(Call.Type.ACKNOWLEDGE_OPERATION_STATUS);
            assertThat(stream.call(call.setAcknowledgeOperationStatus(words)).statusCode())
                    .isEqualTo(400);
            words.setAgentId(AgentID.newBuilder().setValue("a1"));
            stream.take(call.setAcknowledgeOperationStatus(words));
            assertThat(stream.call(call.setAcknowledgeOperationStatus(words.setUuid(ByteString.copyFromUtf8("short"))))
                            .statusCode())
                    .isEqualTo(400);
        }
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void inverseOffersAskForWhatShallBeMaintainedAndAnswersAreRecorded(Encoding encoding) {
        try (ApiHarness harness = new ApiHarness(data, Map.of());
                SchedulerClient.Stream stream = harness.client(encoding).subscribe(info("tenant"))) {
            ScriptedAgent agent = new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0)).register();
            Offer whole = offer(stream, 4, 4096);
            stream.take(FrameworkWords.accept(whole.getId(), 0, task("t1", whole.getAgentId(), 1, 128)));
            agent.update(
                    launched(agent, "t1"),
                    io.finback.tasks.TaskState.RUNNING,
                    UUID.randomUUID().toString());
            acknowledge(stream, update(stream, "t1", "TASK_RUNNING"));

            Instant start = Instant.ofEpochSecond(4_000_000_000L);
            maintain(harness, start);
            InverseOffer inverse =
                    stream.await(Event.Type.INVERSE_OFFERS).getInverseOffers().getInverseOffers(0);
            assertThat(inverse.getAgentId()).isEqualTo(whole.getAgentId());
            assertThat(inverse.getFrameworkId()).isEqualTo(stream.framework);
            assertThat(inverse.getUnavailability().getStart().getNanoseconds())
                    .isEqualTo(4_000_000_000L * 1_000_000_000L);
            assertThat(inverse.getUnavailability().getDuration().getNanoseconds())
                    .isEqualTo(3_600_000_000_000L);
            assertThat(inverse.getResourcesCount()).isZero();
            // What is offered of the agent meanwhile says when it will be gone.
            assertThat(stream.next(event -> event.getType() == Event.Type.OFFERS
                                    && event.getOffers().getOffers(0).hasUnavailability())
                            .getOffers()
                            .getOffers(0)
                            .getUnavailability())
                    .isEqualTo(inverse.getUnavailability());
            stream.take(Call.newBuilder()
                    .setType(Call.Type.DECLINE_INVERSE_OFFERS)
                    .setDeclineInverseOffers(Call.DeclineInverseOffers.newBuilder()
                            .addInverseOfferIds(inverse.getId())
                            .setFilters(org.apache.mesos.v1.Protos.Filters.newBuilder()
                                    .setRefuseSeconds(0))));
            // Not filtered: asked again.
            InverseOffer second =
                    stream.await(Event.Type.INVERSE_OFFERS).getInverseOffers().getInverseOffers(0);
            assertThat(second.getId()).isNotEqualTo(inverse.getId());
            stream.take(Call.newBuilder()
                    .setType(Call.Type.ACCEPT_INVERSE_OFFERS)
                    .setAcceptInverseOffers(
                            Call.AcceptInverseOffers.newBuilder().addInverseOfferIds(second.getId())));
            maintain(harness, start.plusSeconds(60));
            // Another time is another question.
            assertThat(stream.await(Event.Type.INVERSE_OFFERS)
                            .getInverseOffers()
                            .getInverseOffers(0)
                            .getUnavailability()
                            .getStart()
                            .getNanoseconds())
                    .isEqualTo(4_000_000_060L * 1_000_000_000L);
            change(harness, MaintenanceSchedule.EMPTY);
            var unused3 = stream.await(Event.Type.RESCIND_INVERSE_OFFER);
        }
    }

    private static void maintain(ApiHarness harness, Instant start) {
        change(
                harness,
                new MaintenanceSchedule(List.of(new MaintenanceSchedule.Window(
                        List.of(new MaintenanceSchedule.MachineId(Optional.of("127.0.0.1"), Optional.empty())),
                        new MaintenanceSchedule.Unavailability(start, Optional.of(Duration.ofHours(1)))))));
    }

    private static void change(ApiHarness harness, MaintenanceSchedule schedule) {
        TestProbe<OperatorReply> operator = harness.plane.probe(OperatorReply.class);
        harness.plane.allocator(
                new AllocatorMessage.Operate(new OperatorCommand.SetMaintenance(schedule), operator.ref()));
        assertThat(operator.receiveMessage(SchedulerClient.PATIENCE)).isInstanceOf(OperatorReply.Done.class);
    }
}
