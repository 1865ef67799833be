package io.finback.controlplane.boot;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.resources.TaskKey;
import io.finback.wire.MasterToAgent;
import java.util.function.Predicate;
import org.apache.mesos.v1.Protos.AgentID;
import org.apache.mesos.v1.Protos.CommandInfo;
import org.apache.mesos.v1.Protos.Filters;
import org.apache.mesos.v1.Protos.FrameworkInfo;
import org.apache.mesos.v1.Protos.Offer;
import org.apache.mesos.v1.Protos.OfferID;
import org.apache.mesos.v1.Protos.Resource;
import org.apache.mesos.v1.Protos.TaskID;
import org.apache.mesos.v1.Protos.TaskInfo;
import org.apache.mesos.v1.Protos.TaskStatus;
import org.apache.mesos.v1.Protos.Value;
import org.apache.mesos.v1.scheduler.Protos.Call;
import org.apache.mesos.v1.scheduler.Protos.Event;

/** What frameworks of these tests say and wait for, in v1 messages. */
final class FrameworkWords {
    private FrameworkWords() {}

    static FrameworkInfo info(String name) {
        return SchedulerClient.info(name)
                .addCapabilities(capability(FrameworkInfo.Capability.Type.PARTITION_AWARE))
                .addCapabilities(capability(FrameworkInfo.Capability.Type.MULTI_ROLE))
                .addCapabilities(capability(FrameworkInfo.Capability.Type.RESERVATION_REFINEMENT))
                .addRoles("dev")
                .build();
    }

    static FrameworkInfo.Capability capability(FrameworkInfo.Capability.Type type) {
        return FrameworkInfo.Capability.newBuilder().setType(type).build();
    }

    static Resource scalar(String name, double value) {
        return Resource.newBuilder()
                .setName(name)
                .setType(Value.Type.SCALAR)
                .setScalar(Value.Scalar.newBuilder().setValue(value))
                .build();
    }

    static TaskInfo.Builder task(String id, AgentID agent, double cpus, double mem) {
        return TaskInfo.newBuilder()
                .setName(id)
                .setTaskId(TaskID.newBuilder().setValue(id))
                .setAgentId(agent)
                .setCommand(CommandInfo.newBuilder().setValue("true"))
                .addResources(scalar("cpus", cpus))
                .addResources(scalar("mem", mem));
    }

    static Call.Builder accept(OfferID offer, double refuse, TaskInfo.Builder... tasks) {
        Offer.Operation.Launch.Builder launch = Offer.Operation.Launch.newBuilder();
        for (TaskInfo.Builder task : tasks) {
            launch.addTaskInfos(task);
        }
        return Call.newBuilder()
                .setType(Call.Type.ACCEPT)
                .setAccept(Call.Accept.newBuilder()
                        .addOfferIds(offer)
                        .addOperations(Offer.Operation.newBuilder()
                                .setType(Offer.Operation.Type.LAUNCH)
                                .setLaunch(launch))
                        .setFilters(Filters.newBuilder().setRefuseSeconds(refuse)));
    }

    static double amount(Offer offer, String name) {
        return offer.getResourcesList().stream()
                .filter(resource -> resource.getName().equals(name))
                .mapToDouble(resource -> resource.getScalar().getValue())
                .sum();
    }

    @CanIgnoreReturnValue
    static Offer offer(SchedulerClient.Stream stream, double cpus, double mem) {
        return stream.next(event -> event.getType() == Event.Type.OFFERS
                        && amount(event.getOffers().getOffers(0), "cpus") == cpus
                        && amount(event.getOffers().getOffers(0), "mem") == mem)
                .getOffers()
                .getOffers(0);
    }

    static TaskStatus update(SchedulerClient.Stream stream, Predicate<TaskStatus> wanted) {
        return stream.next(event -> event.getType() == Event.Type.UPDATE
                        && wanted.test(event.getUpdate().getStatus()))
                .getUpdate()
                .getStatus();
    }

    @CanIgnoreReturnValue
    static TaskStatus update(SchedulerClient.Stream stream, String task, String state) {
        return update(
                stream,
                status -> status.getTaskId().getValue().equals(task)
                        && status.getState().name().equals(state));
    }

    static void acknowledge(SchedulerClient.Stream stream, TaskStatus status) {
        stream.take(Call.newBuilder()
                .setType(Call.Type.ACKNOWLEDGE)
                .setAcknowledge(Call.Acknowledge.newBuilder()
                        .setAgentId(status.getAgentId())
                        .setTaskId(status.getTaskId())
                        .setUuid(status.getUuid())));
    }

    static io.finback.tasks.TaskInfo launched(ScriptedAgent agent, String id) {
        while (true) {
            MasterToAgent.Launch launch = agent.await(MasterToAgent.Launch.class);
            for (io.finback.tasks.TaskInfo info : launch.tasks()) {
                if (info.id().value().equals(id)) {
                    agent.received(TaskKey.of(info.framework(), info.id()));
                    return info;
                }
            }
        }
    }
}
