package io.finback.controlplane.boot;

import static io.finback.controlplane.boot.FrameworkWords.info;
import static io.finback.controlplane.boot.FrameworkWords.launched;
import static io.finback.controlplane.boot.FrameworkWords.offer;
import static io.finback.controlplane.boot.FrameworkWords.scalar;
import static io.finback.controlplane.boot.FrameworkWords.task;
import static io.finback.controlplane.boot.FrameworkWords.update;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.mesos.v1.Encoding;
import io.finback.resources.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.mesos.v1.Protos.CommandInfo;
import org.apache.mesos.v1.Protos.ExecutorID;
import org.apache.mesos.v1.Protos.ExecutorInfo;
import org.apache.mesos.v1.Protos.FrameworkInfo;
import org.apache.mesos.v1.Protos.Offer;
import org.apache.mesos.v1.Protos.OperationID;
import org.apache.mesos.v1.Protos.OperationState;
import org.apache.mesos.v1.Protos.Resource;
import org.apache.mesos.v1.Protos.TaskGroupInfo;
import org.apache.mesos.v1.Protos.TaskInfo;
import org.apache.mesos.v1.Protos.TaskStatus;
import org.apache.mesos.v1.scheduler.Protos.Call;
import org.apache.mesos.v1.scheduler.Protos.Event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whom a framework's principal may run tasks as, and what it may reserve: over sockets, with credentials and an ACL file. */
class LaunchRightsTest {
    private static final String ACLS = """
            {"run_tasks": [
               {"principals": {"values": ["dev"]}, "users": {"values": ["nobody", "www"]}},
               {"principals": {"type": "NONE"}, "users": {"type": "ANY"}}],
             "reserve_resources": [
               {"principals": {"values": ["dev"]}, "roles": {"values": ["dev"]}},
               {"principals": {"type": "NONE"}, "roles": {"type": "ANY"}}],
             "unreserve_resources": [
               {"principals": {"type": "NONE"}, "reserver_principals": {"values": ["ops"]}}]}""";

    @TempDir
    Path data;

    private ApiHarness harness() throws IOException {
        Path credentials = Files.writeString(data.resolve("credentials"), "dev d\nops o\n");
        Path acls = Files.writeString(data.resolve("acls"), ACLS);
        return new ApiHarness(
                data.resolve("node"),
                Map.of(
                        "finback.security.credentials", credentials.toString(),
                        "finback.security.authenticate-frameworks", true,
                        "finback.security.acls", acls.toString()));
    }

    private static TaskInfo.Builder as(String user, TaskInfo.Builder task) {
        task.getCommandBuilder().setUser(user);
        return task;
    }

    private static FrameworkInfo of(String user) {
        return info("f").toBuilder().setUser(user).build();
    }

    @Test
    void aTaskAsSomebodyElseEndsUnauthorizedAndItsResourcesComeBack() throws IOException {
        try (ApiHarness harness = harness();
                SchedulerClient.Stream stream =
                        harness.client(Encoding.JSON).as("dev", "d").subscribe(of("nobody"))) {
            ScriptedAgent agent = new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0)).register();
            Offer whole = offer(stream, 4, 4096);
            stream.take(FrameworkWords.accept(
                    whole.getId(),
                    0,
                    as("root", task("t1", whole.getAgentId(), 1, 128)),
                    as("www", task("t2", whole.getAgentId(), 1, 128)),
                    task("t3", whole.getAgentId(), 1, 128)));
            TaskStatus refused = update(stream, "t1", "TASK_ERROR");
            assertThat(refused.getReason()).isEqualTo(TaskStatus.Reason.REASON_TASK_UNAUTHORIZED);
            assertThat(refused.getSource()).isEqualTo(TaskStatus.Source.SOURCE_MASTER);
            assertThat(refused.getMessage()).isEqualTo("Not authorized to launch as user 'root'");
            assertThat(launched(agent, "t2").command().user()).contains("www");
            assertThat(launched(agent, "t3").command().user())
                    .as("the account that was asked about, not whatever its agent would take")
                    .contains("nobody");
            stream.rewind();
            offer(stream, 2, 4096 - 256);
        }
    }

    @Test
    void theUserOfTheFrameworkIsThatOfTasksWithoutOne() throws IOException {
        try (ApiHarness harness = harness();
                SchedulerClient.Stream stream =
                        harness.client(Encoding.PROTOBUF).as("dev", "d").subscribe(of("root"))) {
            new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0)).register();
            Offer whole = offer(stream, 4, 4096);
            stream.take(FrameworkWords.accept(whole.getId(), 0, task("t1", whole.getAgentId(), 1, 128)));
            assertThat(update(stream, "t1", "TASK_ERROR").getMessage())
                    .isEqualTo("Not authorized to launch as user 'root'");
            // All of it again, and at once.
            offer(stream, 4, 4096);
        }
    }

    @Test
    void aGroupEndsAsAWhole() throws IOException {
        try (ApiHarness harness = harness();
                SchedulerClient.Stream stream =
                        harness.client(Encoding.JSON).as("dev", "d").subscribe(of("nobody"))) {
            new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 1000)).register();
            Offer whole = offer(stream, 4, 4096);
            ExecutorInfo executor = ExecutorInfo.newBuilder()
                    .setType(ExecutorInfo.Type.DEFAULT)
                    .setExecutorId(ExecutorID.newBuilder().setValue("e"))
                    .setFrameworkId(stream.framework)
                    .addResources(scalar("cpus", 0.1))
                    .addResources(scalar("mem", 32))
                    .build();
            stream.take(accept(
                    whole.getId(),
                    Offer.Operation.newBuilder()
                            .setType(Offer.Operation.Type.LAUNCH_GROUP)
                            .setLaunchGroup(Offer.Operation.LaunchGroup.newBuilder()
                                    .setExecutor(executor)
                                    .setTaskGroup(TaskGroupInfo.newBuilder()
                                            .addTasks(as("www", task("g1", whole.getAgentId(), 1, 128)))
                                            .addTasks(as("root", task("g2", whole.getAgentId(), 1, 128)))))
                            .build()));
            for (String id : new String[] {"g1", "g2"}) {
                TaskStatus refused = update(stream, id, "TASK_ERROR");
                assertThat(refused.getReason()).isEqualTo(TaskStatus.Reason.REASON_TASK_GROUP_UNAUTHORIZED);
                assertThat(refused.getMessage()).isEqualTo("Task 'g2' is not authorized to launch as user 'root'");
                stream.rewind();
            }
            offer(stream, 4, 4096);
        }
    }

    @Test
    void aCustomExecutorsAccountIsAskedAbout() throws IOException {
        try (ApiHarness harness = harness();
                SchedulerClient.Stream stream =
                        harness.client(Encoding.JSON).as("dev", "d").subscribe(of("nobody"))) {
            new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 1000)).register();
            Offer whole = offer(stream, 4, 4096);
            TaskInfo.Builder task = task("t1", whole.getAgentId(), 1, 128).clearCommand();
            task.setExecutor(ExecutorInfo.newBuilder()
                    .setExecutorId(ExecutorID.newBuilder().setValue("e"))
                    .setFrameworkId(stream.framework)
                    .setCommand(CommandInfo.newBuilder().setValue("run").setUser("root")));
            stream.take(FrameworkWords.accept(whole.getId(), 0, task));
            assertThat(update(stream, "t1", "TASK_ERROR").getReason())
                    .isEqualTo(TaskStatus.Reason.REASON_TASK_UNAUTHORIZED);
        }
    }

    @Test
    void whatMayNotBeReservedIsNot() throws IOException {
        try (ApiHarness harness = harness();
                SchedulerClient.Stream stream =
                        harness.client(Encoding.JSON).as("ops", "o").subscribe(of("nobody"))) {
            new ScriptedAgent(harness.plane, "a1", Resources.of(4, 4096, 0)).register();
            Offer whole = offer(stream, 4, 4096);
            Resource cpus = scalar("cpus", 1).toBuilder()
                    .addReservations(Resource.ReservationInfo.newBuilder()
                            .setType(Resource.ReservationInfo.Type.DYNAMIC)
                            .setRole("dev")
                            .setPrincipal("ops"))
                    .build();
            stream.take(accept(whole.getId(), operation("r1", Offer.Operation.Type.RESERVE, cpus)));
            refused(stream, "r1", "Not authorized to reserve resources as 'ops'");
            Offer again = offer(stream, 4, 4096);
            stream.take(accept(again.getId(), operation("u1", Offer.Operation.Type.UNRESERVE, cpus)));
            refused(stream, "u1", "Not authorized to unreserve resources as 'ops'");
        }
    }

    private static void refused(SchedulerClient.Stream stream, String id, String message) {
        var status = stream.next(event -> event.getType() == Event.Type.UPDATE_OPERATION_STATUS
                        && event.getUpdateOperationStatus()
                                .getStatus()
                                .getOperationId()
                                .getValue()
                                .equals(id))
                .getUpdateOperationStatus()
                .getStatus();
        assertThat(status.getState()).isEqualTo(OperationState.OPERATION_ERROR);
        assertThat(status.getMessage()).isEqualTo(message);
        stream.rewind();
    }

    private static Offer.Operation operation(String id, Offer.Operation.Type type, Resource resource) {
        Offer.Operation.Builder operation = Offer.Operation.newBuilder()
                .setType(type)
                .setId(OperationID.newBuilder().setValue(id));
        if (type == Offer.Operation.Type.RESERVE) {
            operation.setReserve(Offer.Operation.Reserve.newBuilder().addResources(resource));
        } else {
            operation.setUnreserve(Offer.Operation.Unreserve.newBuilder().addResources(resource));
        }
        return operation.build();
    }

    private static Call.Builder accept(org.apache.mesos.v1.Protos.OfferID offer, Offer.Operation operation) {
        return Call.newBuilder()
                .setType(Call.Type.ACCEPT)
                .setAccept(Call.Accept.newBuilder()
                        .addOfferIds(offer)
                        .addOperations(operation)
                        .setFilters(
                                org.apache.mesos.v1.Protos.Filters.newBuilder().setRefuseSeconds(0)));
    }
}
