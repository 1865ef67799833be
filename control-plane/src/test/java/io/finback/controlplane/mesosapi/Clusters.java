package io.finback.controlplane.mesosapi;

import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.allocator.AgentSpec;
import io.finback.controlplane.allocator.MaintenanceSchedule;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.allocator.Quota;
import io.finback.controlplane.allocator.ResourceOperation;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.framework.SchedulerEvent;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.Pages;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.IsolatorReport;
import io.finback.resources.Kind;
import io.finback.resources.OfferId;
import io.finback.resources.Ranges;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.DiscoveryInfo;
import io.finback.tasks.Image;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Made-up clusters to look at. */
final class Clusters {
    static final Instant AT = Instant.ofEpochMilli(1_700_000_000_123L);

    private Clusters() {}

    /** Two agents (one of them unreachable), a framework with tasks in every list, an offer, weights, a quota and a schedule. */
    static ClusterSnapshot small(long sequence) {
        TreeMap<String, Long> guarantee = new TreeMap<>(Map.of("cpus", 2_000L));
        AllocationDelta.Pool pool = new AllocationDelta.Pool(
                Map.of("eng", 2.5),
                List.of(new Quota("eng", guarantee, new TreeMap<>(Map.of("cpus", 4_000L)))),
                new MaintenanceSchedule(List.of(new MaintenanceSchedule.Window(
                        List.of(new MaintenanceSchedule.MachineId(Optional.of("n9"), Optional.empty())),
                        new MaintenanceSchedule.Unavailability(AT, Optional.of(Duration.ofHours(1)))))),
                List.of(),
                List.of());
        return new ClusterSnapshot(
                true,
                sequence,
                Pages.of(List.of(agent("a1", true), agent("a2", false))),
                List.of(framework("f1", 1), gone("f0")),
                Map.of(TaskState.FINISHED, 1L),
                pool);
    }

    static ClusterSnapshot of(
            long sequence, List<AllocationDelta.Agent> agents, ClusterSnapshot.Framework... frameworks) {
        return new ClusterSnapshot(
                true, sequence, Pages.of(agents), List.of(frameworks), Map.of(), AllocationDelta.Pool.EMPTY);
    }

    static AllocationDelta.Agent agent(String id, boolean reachable) {
        Resources total = Resources.of(4, 4096, 10_000)
                .withPorts(Ranges.of(31000, 32000))
                .plus(Resources.of(
                        Kind.reserved(Reservation.dynamic("eng", Optional.of("ops"))), Resources.of(1, 512, 0)));
        Resources offered = Resources.of(1, 1024, 0);
        return new AllocationDelta.Agent(
                new AgentSpec(
                        AgentId.of(id),
                        id + ".example",
                        5051,
                        Resources.of(5, 4608, 10_000),
                        Map.of("rack", "r1"),
                        "0.1",
                        Optional.empty(),
                        new IsolatorReport(
                                List.of("cgroups/cpu", "linux/nnp"), Map.of("cgroups/mem", "no such controller here"))),
                AT,
                reachable ? Optional.empty() : Optional.of(AT),
                reachable,
                Resources.of(0.5, 64, 0),
                offered,
                total,
                false,
                Optional.of(new AllocationDelta.Drain(Optional.of(Duration.ofSeconds(30)), true, AT, false)),
                Optional.empty(),
                reachable
                        ? List.of(new AllocationDelta.Offered(OfferId.of("o1"), FrameworkId.of("f1"), "eng", offered))
                        : List.of());
    }

    static ClusterSnapshot.Framework framework(String id, int running) {
        List<FrameworkDelta.Task> tasks = new ArrayList<>();
        for (int i = 0; i < running; i++) {
            tasks.add(task(id, "t" + i, TaskState.RUNNING, i));
        }
        tasks.add(task(id, "lost", TaskState.UNREACHABLE, 0));
        return new ClusterSnapshot.Framework(
                FrameworkId.of(id),
                Optional.of(new FrameworkInfo("demo", "ops", List.of("eng"), Duration.ofHours(1))),
                Optional.of(AT),
                Optional.of(AT.plusSeconds(60)),
                Optional.empty(),
                true,
                false,
                Set.of(),
                OfferConstraints.NONE,
                Pages.of(tasks),
                Pages.of(List.of(task(id, "done", TaskState.FINISHED, 5))),
                Pages.of(List.of(new FrameworkDelta.Operation(
                        "op-1",
                        Optional.of(AgentId.of("a1")),
                        SchedulerEvent.OperationState.FINISHED,
                        Optional.of("done"),
                        Optional.of("1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
                        Optional.of(new ResourceOperation(
                                "c1-0",
                                ResourceOperation.Type.RESERVE,
                                Resources.of(
                                        Kind.reserved(Reservation.dynamic("eng", Optional.empty())),
                                        Resources.of(2, 0, 0))))))),
                Pages.of(List.of()));
    }

    static ClusterSnapshot.Framework gone(String id) {
        return new ClusterSnapshot.Framework(
                FrameworkId.of(id),
                Optional.of(new FrameworkInfo("old", "", List.of("*"), Duration.ZERO)),
                Optional.of(AT),
                Optional.empty(),
                Optional.of(AT.plusSeconds(90)),
                false,
                true,
                Set.of(),
                OfferConstraints.NONE,
                Pages.of(List.of()),
                Pages.of(List.of()),
                Pages.of(List.of()),
                Pages.of(List.of()));
    }

    static FrameworkDelta.Task task(String framework, String id, TaskState state, int seconds) {
        return new FrameworkDelta.Task(
                TaskId.of(id),
                "name-" + id,
                AgentId.of("a1"),
                Resources.of(0.5, 64, 0).withPorts(Ranges.of(31005, 31005)),
                Map.of("tier", "web\"1\""),
                status(framework, id, state, seconds),
                "eng",
                Optional.of(new DiscoveryInfo(
                        DiscoveryInfo.Visibility.CLUSTER,
                        Optional.of("web"),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        List.of(new DiscoveryInfo.Port(
                                31005, Optional.of("http"), Optional.of("tcp"), Optional.empty(), Map.of())),
                        Map.of())),
                state == TaskState.RUNNING ? List.of(status(framework, id, TaskState.STARTING, 0)) : List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(new ContainerInfo(
                        ContainerInfo.Type.MESOS,
                        List.of(),
                        Optional.of("inside"),
                        Optional.empty(),
                        Optional.of(new Image("busybox", Optional.empty(), true)),
                        List.of(),
                        Optional.empty(),
                        List.of(),
                        Optional.empty())),
                Optional.of("nobody"),
                Map.of("cpus", 2.0, "mem", Double.POSITIVE_INFINITY));
    }

    static TaskStatus status(String framework, String id, TaskState state, int seconds) {
        return new TaskStatus(
                TaskId.of(id),
                FrameworkId.of(framework),
                AgentId.of("a1"),
                state,
                TaskStatus.Source.EXECUTOR,
                Optional.empty(),
                AT.plusSeconds(seconds),
                Optional.empty(),
                Optional.of("said so"),
                Optional.of(true),
                Optional.of(4242L));
    }
}
