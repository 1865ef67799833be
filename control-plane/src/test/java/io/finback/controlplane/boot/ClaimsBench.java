package io.finback.controlplane.boot;

import akka.actor.testkit.typed.javadsl.TestProbe;
import io.finback.controlplane.allocation.AllocationEvent;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocation.SessionReply;
import io.finback.controlplane.allocator.ClientSpec;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.wire.AgentInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Prints how many claims one allocator journals in a second, LevelDB with fsync. Not a test. */
final class ClaimsBench {
    private ClaimsBench() {}

    public static void main(String[] arguments) throws Exception {
        Path data = Files.createTempDirectory("finback-bench");
        try (ControlPlaneHarness harness =
                new ControlPlaneHarness(data, Map.of("finback.allocator.offer-timeout", "1 h"))) {
            TestProbe<AllocationEvent> events = harness.probe(AllocationEvent.class);
            TestProbe<SessionReply> admitted = harness.probe(SessionReply.class);
            FrameworkId framework = FrameworkId.of("bench");
            for (int round = 0; round < 5; round++) {
                for (int i = 0; i < 200; i++) {
                    AgentId id = AgentId.of("a" + round + "-" + i);
                    AgentInfo info = new AgentInfo(id, "h", 1, Resources.of(100, 100_000, 0), Map.of(), "1");
                    AllocatorMessage.Admit.of(info, "a", 0, List.of(), admitted.ref())
                            .forEach(harness::allocator);
                }
                harness.allocator(new AllocatorMessage.Interest(framework, ClientSpec.of("*", false), events.ref()));
                List<AllocationEvent.Made> offers = new ArrayList<>();
                while (offers.size() < 200) {
                    if (events.receiveMessage(Duration.ofSeconds(30)) instanceof AllocationEvent.OffersMade made) {
                        offers.addAll(made.offers());
                    }
                }
                long start = System.nanoTime();
                int task = 0;
                for (AllocationEvent.Made offer : offers) {
                    List<AllocatorMessage.ClaimedTask> tasks = new ArrayList<>();
                    for (int i = 0; i < 100; i++) {
                        tasks.add(new AllocatorMessage.ClaimedTask(
                                TaskId.of("t" + round + "-" + task++), Resources.of(1, 1000, 0)));
                    }
                    harness.allocator(new AllocatorMessage.Claim(
                            framework,
                            task,
                            offer.agent(),
                            List.of(offer.id()),
                            List.of(new AllocatorMessage.ClaimStep(tasks, Optional.empty())),
                            Duration.ZERO,
                            new AllocatorMessage.Claimant(Set.of(), Optional.empty(), false),
                            events.ref()));
                }
                int granted = 0;
                while (granted < 20_000) {
                    if (events.receiveMessage(Duration.ofSeconds(60)) instanceof AllocationEvent.ClaimAnswered answer) {
                        granted += answer.granted().size();
                    }
                }
                System.out.printf("claims/s: %.0f%n", 20_000 / ((System.nanoTime() - start) / 1e9));
            }
        }
    }
}
