package io.finback.controlplane.framework;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.persistence.testkit.PersistenceTestKitPlugin;
import akka.persistence.testkit.javadsl.PersistenceTestKit;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.typesafe.config.ConfigFactory;
import io.finback.controlplane.allocation.AllocationEvent;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocator.Capability;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.ingress.Ingress;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.OfferId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.security.Rules;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** One framework's real entity on a journal in memory; allocator, sessions, scheduler and time are the test's. */
final class FrameworkWorld implements AfterEachCallback {
    static final AgentId AGENT = AgentId.of("a1");
    static final Resources ONE = Resources.of(1, 64, 0);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** What was heard from one side and not looked for yet. */
    static final class Ear<M> {
        private final TestProbe<M> probe;
        private final Deque<M> heard = new ArrayDeque<>();

        Ear(TestProbe<M> probe) {
            this.probe = probe;
        }

        ActorRef<M> ref() {
            return probe.ref();
        }

        /** The next such message; those before it are kept. */
        @CanIgnoreReturnValue
        <T extends M> T next(Class<T> type, Predicate<T> wanted) {
            for (M message : List.copyOf(heard)) {
                if (type.isInstance(message) && wanted.test(type.cast(message))) {
                    heard.remove(message);
                    return type.cast(message);
                }
            }
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (System.nanoTime() < deadline) {
                M message;
                try {
                    message = probe.receiveMessage(PATIENCE);
                } catch (AssertionError e) {
                    break;
                }
                if (type.isInstance(message) && wanted.test(type.cast(message))) {
                    return type.cast(message);
                }
                heard.add(message);
            }
            throw new AssertionError("no " + type.getSimpleName() + " as wanted; heard " + heard);
        }

        @CanIgnoreReturnValue
        <T extends M> T next(Class<T> type) {
            return next(type, message -> true);
        }

        void stop() {
            probe.stop();
        }
    }

    record Sent(AgentId agent, SessionOrder order) {}

    final FrameworkId id = FrameworkId.of("f-" + UUID.randomUUID());
    final Ear<AllocatorMessage> allocator;
    final Ear<Sent> sessions;
    final Ear<FrameworkDelta> views;
    final PersistenceTestKit journal;
    AgentStanding standing = AgentStanding.UNKNOWN;
    Rules rules = Rules.NONE;
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    private final ActorTestKit kit;
    private ActorRef<FrameworkMessage> entity;
    private int offers;

    FrameworkWorld() {
        kit = ActorTestKit.create(
                "framework-world",
                PersistenceTestKitPlugin.getInstance()
                        .config()
                        .withFallback(ConfigFactory.parseMap(Map.of(
                                "akka.actor.provider",
                                "cluster",
                                "akka.remote.artery.canonical.hostname",
                                "127.0.0.1",
                                "akka.remote.artery.canonical.port",
                                0,
                                "akka.cluster.jmx.multi-mbeans-in-same-jvm",
                                true,
                                "akka.log-dead-letters",
                                "off")))
                        .withFallback(ConfigFactory.defaultReference())
                        .resolve());
        Cluster cluster = Cluster.get(kit.system());
        cluster.manager().tell(Join.create(cluster.selfMember().address()));
        TestProbe<Object> up = kit.createTestProbe();
        up.awaitAssert(PATIENCE, () -> {
            if (cluster.selfMember().status() != MemberStatus.up()) {
                throw new AssertionError(cluster.selfMember().status());
            }
            return up;
        });
        allocator = new Ear<>(kit.createTestProbe(AllocatorMessage.class));
        sessions = new Ear<>(kit.createTestProbe(Sent.class));
        views = new Ear<>(kit.createTestProbe(FrameworkDelta.class));
        journal = PersistenceTestKit.create(kit.system());
        entity = spawn();
    }

    private ActorRef<FrameworkMessage> spawn() {
        FrameworkSettings settings = new FrameworkSettings(
                Duration.ofMillis(500),
                Duration.ofSeconds(5),
                Duration.ofSeconds(60),
                Duration.ofMillis(20),
                Duration.ofMinutes(10),
                50,
                20,
                1000,
                new Ingress.Settings(100, 10_000));
        Clock clock = new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return now.get();
            }
        };
        return kit.spawn(FrameworkActor.create(
                id,
                new FrameworkActor.Collaborators(
                        settings,
                        clock,
                        views.ref(),
                        agent -> standing,
                        allocator.ref()::tell,
                        (agent, order) -> sessions.ref().tell(new Sent(agent, order)),
                        (principal, action, object) -> rules.allows(principal, action, object)),
                self -> {}));
    }

    /** As after {@code kill -9}: nothing but the journal is left. */
    void restart() {
        kit.stop(entity, PATIENCE);
        entity = spawn();
        Ear<FrameworkDelta> recovered = new Ear<>(kit.createTestProbe(FrameworkDelta.class));
        tell(new FrameworkSignal.Describe(recovered.ref()));
        recovered.next(FrameworkDelta.class);
    }

    void tell(FrameworkMessage message) {
        entity.tell(message);
    }

    void fromAllocator(AllocationEvent event) {
        entity.tell(new FrameworkSignal.FromAllocator(event));
    }

    /** Time passes, and the entity notices. */
    void pass(Duration time) {
        now.updateAndGet(was -> was.plus(time));
        entity.tell(new FrameworkSignal.Tick());
    }

    Ear<SchedulerEvent> scheduler() {
        return new Ear<>(kit.createTestProbe(SchedulerEvent.class));
    }

    /** Subscribes over a new connection, with stream {@code streamId}. */
    @CanIgnoreReturnValue
    Ear<SchedulerEvent> subscribe(String streamId, FrameworkInfo info) {
        Ear<SchedulerEvent> scheduler = scheduler();
        tell(new SchedulerCall.Subscribe(
                info, Set.of(), OfferConstraints.NONE, Optional.of(streamId), scheduler.ref()));
        scheduler.next(SchedulerEvent.Subscribed.class);
        return scheduler;
    }

    @CanIgnoreReturnValue
    Ear<SchedulerEvent> subscribe(String streamId) {
        return subscribe(streamId, info(Duration.ofSeconds(30), Capability.PARTITION_AWARE));
    }

    static FrameworkInfo info(Duration failoverTimeout, Capability... capabilities) {
        return new FrameworkInfo(
                "test",
                "me",
                List.of("dev"),
                failoverTimeout,
                "nobody",
                Set.of(capabilities),
                true,
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                Map.of());
    }

    private final List<Ear<CallAnswer>> answers = new ArrayList<>();

    Caller caller(String streamId) {
        Ear<CallAnswer> answer = new Ear<>(kit.createTestProbe(CallAnswer.class));
        answers.add(answer);
        return new Caller(Optional.of(streamId).filter(text -> !text.isEmpty()), Optional.of(answer.ref()));
    }

    /** The answer to the call of the last {@link #caller}. */
    @CanIgnoreReturnValue
    CallAnswer answer() {
        return answers.get(answers.size() - 1).next(CallAnswer.class);
    }

    /** The answer to the call of the last {@link #caller} is a refusal with these words. */
    void expectRefused(CallAnswer.Why why, String message) {
        assertThat(answer()).isInstanceOfSatisfying(CallAnswer.Refused.class, refused -> {
            assertThat(refused.why()).isEqualTo(why);
            assertThat(refused.message()).contains(message);
        });
    }

    boolean isUnanswered(Duration within) {
        try {
            answers.get(answers.size() - 1).probe.expectNoMessage(within);
            return true;
        } catch (AssertionError e) {
            return false;
        }
    }

    /** The allocator offers {@link #AGENT} for role {@code dev}. */
    @CanIgnoreReturnValue
    OfferId offer(Ear<SchedulerEvent> scheduler) {
        OfferId offer = OfferId.of("o" + ++offers);
        fromAllocator(new AllocationEvent.OffersMade(
                1,
                List.of(new AllocationEvent.Made(
                        offer,
                        AGENT,
                        "host",
                        Resources.of(8, 4096, 0),
                        Map.of(),
                        "dev",
                        5051,
                        Optional.empty(),
                        Optional.empty()))));
        scheduler.next(SchedulerEvent.Offers.class);
        return offer;
    }

    TaskInfo task(String name) {
        return new TaskInfo(
                TaskId.of(name),
                name,
                id,
                AGENT,
                ONE,
                CommandInfo.shell("sleep 100", Map.of()),
                Optional.empty(),
                Map.of());
    }

    /** Accepts, the allocator grants, and the launch has arrived. */
    TaskInfo launched(Ear<SchedulerEvent> scheduler, String streamId, String name) {
        TaskInfo task = task(name);
        accept(streamId, List.of(offer(scheduler)), task);
        grant(claim(), task);
        launch(task);
        tell(new AgentReport.Received(AGENT, List.of(task.id()), List.of()));
        return task;
    }

    /** The same, and it runs, which the scheduler knows. */
    TaskInfo running(Ear<SchedulerEvent> scheduler, String streamId, String name) {
        TaskInfo task = launched(scheduler, streamId, name);
        report(task, TaskState.RUNNING, "running-" + name);
        acknowledge(streamId, update(scheduler, TaskState.RUNNING));
        return task;
    }

    void accept(String streamId, List<OfferId> on, TaskInfo... tasks) {
        tell(SchedulerCall.Accept.launch(caller(streamId), on, List.of(tasks), Duration.ZERO));
    }

    AllocatorMessage.Claim claim() {
        return allocator.next(AllocatorMessage.Claim.class);
    }

    void grant(AllocatorMessage.Claim claim, TaskInfo... tasks) {
        fromAllocator(new AllocationEvent.ClaimAnswered(
                claim.number(),
                claim.agent(),
                List.of(tasks).stream().map(TaskInfo::id).toList(),
                List.of(),
                List.of(),
                List.of()));
    }

    void launch(TaskInfo task) {
        sessions.next(
                Sent.class,
                sent -> sent.order() instanceof SessionOrder.Work work
                        && work.launches().stream().anyMatch(one -> one.id().equals(task.id())));
    }

    void kill(TaskInfo task) {
        sessions.next(
                Sent.class,
                sent -> sent.order() instanceof SessionOrder.Work work
                        && work.kills().stream()
                                .anyMatch(one -> one.task().task().equals(task.id())));
    }

    void acknowledgedToAgent(String uuid) {
        sessions.next(
                Sent.class,
                sent -> sent.order() instanceof SessionOrder.Work work
                        && work.acknowledgements().stream()
                                .anyMatch(one -> one.uuid().equals(uuid)));
    }

    void released(TaskInfo task) {
        AllocatorMessage.Release release = allocator.next(
                AllocatorMessage.Release.class, message -> message.tasks().contains(task.id()));
        fromAllocator(new AllocationEvent.Released(release.tasks()));
    }

    void report(TaskInfo task, TaskState state, String uuid) {
        tell(new AgentReport.Updates(
                AGENT,
                List.of(new TaskStatus(
                        task.id(),
                        id,
                        AGENT,
                        state,
                        TaskStatus.Source.EXECUTOR,
                        Optional.of(uuid),
                        now.get(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()))));
    }

    @CanIgnoreReturnValue
    TaskStatus update(Ear<SchedulerEvent> scheduler, TaskState state) {
        return scheduler
                .next(SchedulerEvent.Update.class, update -> update.status().state() == state)
                .status();
    }

    void acknowledge(String streamId, TaskStatus status) {
        tell(new SchedulerCall.Acknowledge(
                caller(streamId), status.task(), status.uuid().orElseThrow()));
        answer();
    }

    @Override
    public void afterEach(ExtensionContext test) {
        kit.shutdownTestKit();
    }
}
