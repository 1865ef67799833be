package io.finback.controlplane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.SerializationTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import io.finback.controlplane.allocation.AllocationEvent;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocation.SessionReply;
import io.finback.controlplane.allocator.AgentRecord;
import io.finback.controlplane.allocator.AgentSpec;
import io.finback.controlplane.allocator.AllocatorEvent;
import io.finback.controlplane.allocator.AllocatorSnapshot;
import io.finback.controlplane.allocator.ClientSpec;
import io.finback.controlplane.allocator.Holding;
import io.finback.controlplane.allocator.Maintenance;
import io.finback.controlplane.allocator.MaintenanceSchedule;
import io.finback.controlplane.allocator.Quota;
import io.finback.controlplane.allocator.TaskKey;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.framework.SchedulerEvent;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.wire.AgentInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Thousands of commands that persist nothing, behind one that does: without the ingress they overflow the stack (akka#29933). */
class BurstTest {
    private static final int BURST = 10_000;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path data;

    @Test
    void tenThousandCommandsBehindAWriteAreAllAnswered() {
        try (ControlPlaneHarness harness = new ControlPlaneHarness(data, Map.of())) {
            TestProbe<AllocationEvent> answers = harness.probe(AllocationEvent.class);
            TestProbe<SessionReply> admitted = harness.probe(SessionReply.class);
            AgentInfo info = new AgentInfo(AgentId.of("a"), "h", 1, Resources.of(1, 1, 1), Map.of(), "1");
            AllocatorMessage.Admit.of(info, "a", 0, List.of(), admitted.ref()).forEach(harness::allocator);
            for (int i = 0; i < BURST; i++) {
                harness.allocator(
                        new AllocatorMessage.Interest(FrameworkId.of("f"), ClientSpec.of("*", true), answers.ref()));
            }
            for (int i = 0; i < BURST; i++) {
                assertThat(answers.receiveMessage(PATIENCE)).isInstanceOf(AllocationEvent.Welcome.class);
            }
            ScriptedScheduler scheduler = new ScriptedScheduler(harness).subscribe();
            List<TaskId> unknown = List.of(TaskId.of("nobody"));
            for (int i = 0; i < BURST; i++) {
                harness.framework(new SchedulerCall.Reconcile(unknown));
            }
            for (int i = 0; i < BURST; i++) {
                scheduler.await(SchedulerEvent.Update.class, update -> true);
            }
        }
    }

    @Test
    void pureTypesSurviveTheJournal() {
        try (ControlPlaneHarness harness = new ControlPlaneHarness(data, Map.of())) {
            SerializationTestKit kit = new SerializationTestKit(harness.system());
            AgentSpec spec = new AgentSpec(
                    AgentId.of("a"),
                    "h",
                    1,
                    Resources.of(1, 2, 3).withPorts(Ranges.of(1, 9)),
                    Map.of("rack", "r1"),
                    "1");
            Holding holding = new Holding(
                    new TaskKey(FrameworkId.of("f"), TaskId.of("t")), AgentId.of("a"), Resources.of(1, 1, 1));
            AgentRecord agent = new AgentRecord(
                    spec,
                    Instant.EPOCH,
                    Optional.of(Instant.EPOCH),
                    spec.total(),
                    7,
                    true,
                    Optional.of(new AgentRecord.Drain(
                            Optional.of(Duration.ofSeconds(1)), true, Instant.EPOCH, Optional.of(Instant.EPOCH))),
                    Optional.of(Instant.EPOCH));
            Quota quota = new Quota("eng", new TreeMap<>(Map.of("cpus", 1L)), new TreeMap<>(Map.of("cpus", 2L)));
            MaintenanceSchedule.MachineId machine =
                    new MaintenanceSchedule.MachineId(Optional.of("h"), Optional.of("127.0.0.1"));
            Maintenance maintenance = new Maintenance(
                    new MaintenanceSchedule(List.of(new MaintenanceSchedule.Window(
                            List.of(machine),
                            new MaintenanceSchedule.Unavailability(Instant.EPOCH, Optional.of(Duration.ofHours(1)))))),
                    List.of(machine));
            AllocatorEvent event = new AllocatorEvent(
                    List.of(holding.key()),
                    List.of(new AllocatorEvent.AgentAdmitted(spec, Instant.EPOCH)),
                    List.of(new AllocatorEvent.AgentLost(AgentId.of("a"), Instant.EPOCH)),
                    List.of(holding),
                    List.of(agent),
                    List.of(new AllocatorEvent.SessionNumber(AgentId.of("a"), 8)),
                    Map.of("eng", 2.0),
                    List.of(quota),
                    Optional.of(maintenance),
                    List.of("f op"),
                    3);
            AllocatorSnapshot snapshot = new AllocatorSnapshot(
                    List.of(agent),
                    List.of(holding),
                    List.of(new AllocatorSnapshot.Gone(AgentId.of("b"), Instant.EPOCH)),
                    Map.of("eng", 2.0),
                    List.of(quota),
                    maintenance,
                    List.of("f op"),
                    3);
            assertThat(kit.verifySerialization(event, true)).isEqualTo(event);
            assertThat(kit.verifySerialization(snapshot, true)).isEqualTo(snapshot);
        }
    }
}
