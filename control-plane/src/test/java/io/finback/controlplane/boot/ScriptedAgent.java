package io.finback.controlplane.boot;

import akka.actor.Cancellable;
import akka.actor.testkit.typed.javadsl.TestProbe;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.resources.AgentId;
import io.finback.resources.Resources;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.AgentEnvelope;
import io.finback.wire.AgentInfo;
import io.finback.wire.AgentToMaster;
import io.finback.wire.MasterToAgent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** An agent whose every word the test decides. */
final class ScriptedAgent {
    static final Duration PATIENCE = Duration.ofSeconds(15);

    private final ControlPlaneHarness harness;
    final AgentInfo info;
    final TestProbe<MasterToAgent> probe;
    volatile long session;
    private Optional<Cancellable> beats = Optional.empty();

    ScriptedAgent(ControlPlaneHarness harness, String id, Resources resources) {
        this.harness = harness;
        this.info = new AgentInfo(AgentId.of(id), "127.0.0.1", 5051, resources, Map.of("rack", "r1"), "test");
        this.probe = harness.probe(MasterToAgent.class);
    }

    void say(AgentToMaster message) {
        harness.session(new AgentEnvelope(info.id(), message, probe.ref()));
    }

    @CanIgnoreReturnValue
    ScriptedAgent register(AgentToMaster.KnownTask... tasks) {
        AgentToMaster.Register.of(info, UUID.randomUUID().toString(), session, List.of(tasks))
                .forEach(this::say);
        session = await(MasterToAgent.Registered.class).session();
        speakAgain();
        return this;
    }

    /** Heartbeats, if there were none. */
    void speakAgain() {
        if (beats.isEmpty()) {
            beats = Optional.of(harness.system()
                    .scheduler()
                    .scheduleAtFixedRate(
                            Duration.ofMillis(100),
                            Duration.ofMillis(100),
                            this::heartbeat,
                            harness.system().executionContext()));
        }
    }

    /** No more heartbeats, until it registers again. */
    void fallSilent() {
        beats.ifPresent(Cancellable::cancel);
        beats = Optional.empty();
    }

    void heartbeat() {
        say(new AgentToMaster.Heartbeat(session));
    }

    /** The next message of this type; others are skipped. */
    @CanIgnoreReturnValue
    <M extends MasterToAgent> M await(Class<M> type) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            MasterToAgent message = probe.receiveMessage(PATIENCE);
            if (type.isInstance(message)) {
                return type.cast(message);
            }
        }
        throw new AssertionError("no " + type.getSimpleName());
    }

    void received(TaskKey... launched) {
        say(new AgentToMaster.Received(session, List.of(launched), List.of()));
    }

    @CanIgnoreReturnValue
    TaskStatus update(TaskInfo task, TaskState state, String uuid) {
        TaskStatus status = new TaskStatus(
                task.id(),
                task.framework(),
                info.id(),
                state,
                TaskStatus.Source.EXECUTOR,
                Optional.of(uuid),
                Instant.now(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(4711L));
        say(new AgentToMaster.Updates(session, List.of(status)));
        return status;
    }

    /** Messages until there was one of each of these types. */
    List<MasterToAgent> awaitAll(Class<?>... types) {
        Set<Class<?>> missing = new HashSet<>(List.of(types));
        List<MasterToAgent> seen = new ArrayList<>();
        while (!missing.isEmpty()) {
            MasterToAgent message = probe.receiveMessage(PATIENCE);
            missing.remove(message.getClass());
            seen.add(message);
        }
        return seen;
    }
}
