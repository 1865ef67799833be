package io.finback.verification.scale;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import io.finback.resources.TaskKey;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.AgentEnvelope;
import io.finback.wire.AgentInfo;
import io.finback.wire.AgentSessionMessage;
import io.finback.wire.AgentToMaster;
import io.finback.wire.MasterToAgent;
import io.finback.wire.Parts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/** An agent without processes, in a member of its own: it confirms everything, and every launch runs at once, for ever. */
final class EmulatedAgent {
    private final AgentInfo info;
    private final EntityRef<AgentSessionMessage> session;
    private final ActorRef<MasterToAgent> ear;
    private final AtomicLong number = new AtomicLong();
    private final AtomicLong registrations = new AtomicLong();
    final Map<TaskKey, TaskInfo> tasks = new ConcurrentHashMap<>();
    final Map<TaskKey, TaskStatus> unacknowledged = new ConcurrentHashMap<>();
    final Queue<MasterToAgent.KillTask> kills = new ConcurrentLinkedQueue<>();

    EmulatedAgent(ActorTestKit kit, AgentInfo info) {
        this.info = info;
        ClusterSharding sharding = ClusterSharding.get(kit.system());
        var unused = sharding.init(Entity.of(AgentSessionMessage.KEY, entity -> Behaviors.<AgentSessionMessage>ignore())
                .withRole("master"));
        this.session = sharding.entityRefFor(AgentSessionMessage.KEY, info.id().value());
        this.ear = kit.spawn(Behaviors.receiveMessage(message -> {
            hear(message);
            return Behaviors.same();
        }));
        kit.spawn(Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay("beat", Duration.ofMillis(500));
            return Behaviors.receiveMessage(beat -> {
                if (registrations() > 0) {
                    say(new AgentToMaster.Heartbeat(number.get()));
                }
                return Behaviors.same();
            });
        }));
    }

    /** As a new process on the same machine would: with everything that runs. */
    void register() {
        List<AgentToMaster.KnownTask> known = tasks.values().stream()
                .map(task -> new AgentToMaster.KnownTask(task, TaskState.RUNNING))
                .toList();
        AgentToMaster.Register.of(info, UUID.randomUUID().toString(), number.get(), known)
                .forEach(this::say);
    }

    long registrations() {
        return registrations.get();
    }

    private void hear(MasterToAgent message) {
        if (message instanceof MasterToAgent.Registered registered) {
            number.set(registered.session());
            registrations.incrementAndGet();
            update(List.copyOf(unacknowledged.values()));
        } else if (message instanceof MasterToAgent.RegisterAgain) {
            register();
        } else if (message instanceof MasterToAgent.Launch launch) {
            launched(launch.tasks());
        } else if (message instanceof MasterToAgent.Kill kill) {
            kills.addAll(kill.tasks());
        } else if (message instanceof MasterToAgent.Acknowledge acknowledge) {
            acknowledge.updates().forEach(update -> unacknowledged.remove(update.task()));
        }
    }

    private void launched(List<TaskInfo> launches) {
        List<TaskKey> keys = new ArrayList<>();
        List<TaskStatus> running = new ArrayList<>();
        for (TaskInfo task : launches) {
            TaskKey key = TaskKey.of(task.framework(), task.id());
            keys.add(key);
            if (tasks.put(key, task) == null) {
                unacknowledged.put(key, running(task));
                running.add(unacknowledged.get(key));
            }
        }
        Parts.of(keys).forEach(part -> say(new AgentToMaster.Received(number.get(), part, List.of())));
        update(running);
    }

    private void update(List<TaskStatus> updates) {
        Parts.of(updates).forEach(part -> say(new AgentToMaster.Updates(number.get(), part)));
    }

    private void say(AgentToMaster message) {
        session.tell(new AgentEnvelope(info.id(), message, ear));
    }

    private TaskStatus running(TaskInfo task) {
        return new TaskStatus(
                task.id(),
                task.framework(),
                info.id(),
                TaskState.RUNNING,
                TaskStatus.Source.EXECUTOR,
                Optional.of(UUID.randomUUID().toString()),
                Instant.now(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(4711L));
    }
}
