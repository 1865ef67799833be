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
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Prints how many launches one allocator accepts, journals and answers in a second. Not a test. First argument: {@code leveldb} (fsync
 * on) or {@code postgres} (commit on, on the same disk). Second: tasks per accept.
 */
final class ClaimsBench {
    private static final int AGENTS = 200;
    private static final int TASKS_PER_AGENT = 100;
    private static final int ROUNDS = 8;

    private ClaimsBench() {}

    public static void main(String[] arguments) throws Exception {
        String profile = arguments.length > 0 ? arguments[0] : "leveldb";
        int perAccept = arguments.length > 1 ? Integer.parseInt(arguments[1]) : TASKS_PER_AGENT;
        Path data = Files.createTempDirectory("finback-bench");
        Map<String, Object> overrides = new HashMap<>();
        overrides.put("finback.allocator.offer-timeout", "1 h");
        if (profile.equals("postgres")) {
            try (EmbeddedPostgres postgres = EmbeddedPostgres.builder()
                    // Both are off in what is embedded.
                    .setServerConfig("fsync", "on")
                    .setServerConfig("synchronous_commit", "on")
                    .start()) {
                overrides.put("finback.persistence.profile", "postgres");
                overrides.put("finback.persistence.postgres.port", postgres.getPort());
                overrides.put("finback.persistence.postgres.user", "postgres");
                overrides.put("finback.persistence.postgres.database", "postgres");
                run(profile, data, overrides, perAccept);
            }
        } else {
            run(profile, data, overrides, perAccept);
        }
        System.exit(0);
    }

    private static void run(String profile, Path data, Map<String, Object> overrides, int perAccept) throws Exception {
        try (ControlPlaneHarness harness = new ControlPlaneHarness(data, overrides)) {
            TestProbe<AllocationEvent> events = harness.probe(AllocationEvent.class);
            TestProbe<SessionReply> admitted = harness.probe(SessionReply.class);
            FrameworkId framework = FrameworkId.of("bench");
            for (int round = 0; round < ROUNDS; round++) {
                long cpu = cpuNanos();
                double perSecond = round(harness, events, admitted, framework, round, perAccept);
                // Of the whole process, agents and offers of the round included: what counts where others use the
                // machine.
                double cpuMicros = (cpuNanos() - cpu) / 1e3 / (AGENTS * TASKS_PER_AGENT);
                System.out.printf(
                        "%s: round %d, %d tasks, %d per accept: %.0f launches/s, %.0f us of CPU each%n",
                        profile, round, AGENTS * TASKS_PER_AGENT, perAccept, perSecond, cpuMicros);
            }
        }
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static double round(
            ControlPlaneHarness harness,
            TestProbe<AllocationEvent> events,
            TestProbe<SessionReply> admitted,
            FrameworkId framework,
            int round,
            int perAccept) {
        // A lease that the framework's entity would renew by itself.
        harness.allocator(new AllocatorMessage.Interest(framework, ClientSpec.of("*", false), events.ref()));
        // One offer per accept: an agent offers all it has at once.
        int agents = AGENTS * TASKS_PER_AGENT / perAccept;
        for (int i = 0; i < agents; i++) {
            AgentId id = AgentId.of("a" + round + "-" + i);
            AgentInfo info = new AgentInfo(id, "h", 1, Resources.of(perAccept, 1000.0 * perAccept, 0), Map.of(), "1");
            AllocatorMessage.Admit.of(info, "a", 0, List.of(), admitted.ref()).forEach(harness::allocator);
        }
        List<AllocationEvent.Made> offers = new ArrayList<>();
        while (offers.size() < agents) {
            if (events.receiveMessage(Duration.ofSeconds(30)) instanceof AllocationEvent.OffersMade made) {
                offers.addAll(made.offers());
            }
        }
        long start = System.nanoTime();
        int task = 0;
        for (AllocationEvent.Made offer : offers) {
            List<AllocatorMessage.ClaimedTask> tasks = new ArrayList<>();
            for (int i = 0; i < perAccept; i++) {
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
                    new AllocatorMessage.Claimant(Set.of("*"), Optional.empty(), false),
                    events.ref()));
        }
        int granted = 0;
        while (granted < task) {
            if (events.receiveMessage(Duration.ofSeconds(60)) instanceof AllocationEvent.ClaimAnswered answer) {
                granted += answer.granted().size();
            }
        }
        return task / ((System.nanoTime() - start) / 1e9);
    }
}
