package io.finback.verification.process;

import com.google.protobuf.ByteString;
import com.mesosphere.mesos.rx.java.AwaitableSubscription;
import com.mesosphere.mesos.rx.java.SinkOperation;
import com.mesosphere.mesos.rx.java.SinkOperations;
import com.mesosphere.mesos.rx.java.protobuf.ProtobufMesosClientBuilder;
import com.mesosphere.mesos.rx.java.protobuf.SchedulerCalls;
import com.mesosphere.mesos.rx.java.util.UserAgentEntries;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.mesos.v1.Protos.AgentID;
import org.apache.mesos.v1.Protos.CommandInfo;
import org.apache.mesos.v1.Protos.Filters;
import org.apache.mesos.v1.Protos.FrameworkID;
import org.apache.mesos.v1.Protos.Offer;
import org.apache.mesos.v1.Protos.Resource;
import org.apache.mesos.v1.Protos.TaskID;
import org.apache.mesos.v1.Protos.TaskInfo;
import org.apache.mesos.v1.Protos.TaskState;
import org.apache.mesos.v1.Protos.TaskStatus;
import org.apache.mesos.v1.Protos.Value;
import org.apache.mesos.v1.scheduler.Protos.Call;
import org.apache.mesos.v1.scheduler.Protos.Event;
import rx.Observable;

/**
 * A framework on mesos-rxjava, the client library its users wrote theirs on: runs a number of commands, each once, and counts their ends. The
 * library does everything on the wire (protobuf, RecordIO, stream ids, redirects).
 */
final class RxFramework implements AutoCloseable {
    private static final double CPUS = 0.1;
    private static final double MEM = 32;

    private final FrameworkID id;
    private final String command;
    private final Queue<Integer> waiting = new ConcurrentLinkedQueue<>();
    final Map<String, TaskState> ended = new ConcurrentHashMap<>();
    final AtomicInteger heartbeats = new AtomicInteger();
    private final AwaitableSubscription subscription;

    RxFramework(int clusterPort, String name, String command, int tasks) {
        this.id = FrameworkID.newBuilder().setValue(name).build();
        this.command = command;
        IntStream.range(0, tasks).forEach(waiting::add);
        this.subscription = ProtobufMesosClientBuilder.schedulerUsingProtos()
                .mesosUri(URI.create("http://127.0.0.1:" + clusterPort + "/api/v1/scheduler"))
                .applicationUserAgentEntry(UserAgentEntries.literal("interop", "1"))
                .subscribe(SchedulerCalls.subscribe(id, "", name, 60))
                .processStream(events -> events.concatMap(this::answers))
                .build()
                .openStream();
    }

    private Observable<Optional<SinkOperation<Call>>> answers(Event event) {
        return switch (event.getType()) {
            case OFFERS ->
                Observable.from(event.getOffers().getOffersList())
                        .map(offer -> Optional.of(SinkOperations.create(answer(offer))));
            case UPDATE -> Observable.just(update(event.getUpdate().getStatus()).map(SinkOperations::create));
            case HEARTBEAT -> {
                heartbeats.incrementAndGet();
                yield Observable.just(Optional.empty());
            }
            default -> Observable.just(Optional.empty());
        };
    }

    private Call answer(Offer offer) {
        Offer.Operation.Launch.Builder launch = Offer.Operation.Launch.newBuilder();
        double cpus = amount(offer, "cpus");
        double mem = amount(offer, "mem");
        while (cpus >= CPUS && mem >= MEM) {
            Integer number = waiting.poll();
            if (number == null) {
                break;
            }
            cpus -= CPUS;
            mem -= MEM;
            launch.addTaskInfos(task("rx-" + number, offer.getAgentId()));
        }
        if (launch.getTaskInfosCount() == 0) {
            return SchedulerCalls.decline(id, List.of(offer.getId()));
        }
        return Call.newBuilder()
                .setFrameworkId(id)
                .setType(Call.Type.ACCEPT)
                .setAccept(Call.Accept.newBuilder()
                        .addOfferIds(offer.getId())
                        .addOperations(Offer.Operation.newBuilder()
                                .setType(Offer.Operation.Type.LAUNCH)
                                .setLaunch(launch))
                        .setFilters(Filters.newBuilder().setRefuseSeconds(0)))
                .build();
    }

    private TaskInfo task(String name, AgentID agent) {
        return TaskInfo.newBuilder()
                .setName(name)
                .setTaskId(TaskID.newBuilder().setValue(name))
                .setAgentId(agent)
                .setCommand(CommandInfo.newBuilder().setValue(command))
                .addResources(scalar("cpus", CPUS))
                .addResources(scalar("mem", MEM))
                .build();
    }

    private Optional<Call> update(TaskStatus status) {
        switch (status.getState()) {
            case TASK_STAGING, TASK_STARTING, TASK_RUNNING, TASK_KILLING -> {}
            default -> ended.put(status.getTaskId().getValue(), status.getState());
        }
        ByteString uuid = status.getUuid();
        return uuid.isEmpty()
                ? Optional.empty()
                : Optional.of(SchedulerCalls.ackUpdate(id, uuid, status.getAgentId(), status.getTaskId()));
    }

    private static double amount(Offer offer, String name) {
        return offer.getResourcesList().stream()
                .filter(resource -> resource.getName().equals(name))
                .mapToDouble(resource -> resource.getScalar().getValue())
                .sum();
    }

    private static Resource scalar(String name, double value) {
        return Resource.newBuilder()
                .setName(name)
                .setType(Value.Type.SCALAR)
                .setScalar(Value.Scalar.newBuilder().setValue(value))
                .build();
    }

    /** The library has no other way to end: the connection goes, and with it the framework after its failover timeout. */
    @Override
    public void close() {
        subscription.unsubscribe();
    }
}
