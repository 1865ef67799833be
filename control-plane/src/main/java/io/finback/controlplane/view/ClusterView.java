package io.finback.controlplane.view;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.actor.typed.pubsub.Topic;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.FrameworkSignal;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.tasks.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * Keeps one master's read model up to date and publishes it as an immutable {@link ClusterSnapshot}, so that no query ever stands in
 * the mailbox of an entity (promise 9). One per master. News come over topics, at most once; a gap in their numbers, or an unknown
 * sender, makes the view ask that entity for everything.
 */
public final class ClusterView extends AbstractBehavior<ClusterView.Message> {
    /** What only the view says to itself. */
    public sealed interface Message {}

    private record AllocationNews(AllocationDelta delta, boolean asked) implements Message {}

    private record FrameworkNews(FrameworkDelta delta, boolean asked) implements Message {}

    private enum Publish implements Message {
        INSTANCE
    }

    private enum Ask implements Message {
        INSTANCE
    }

    /** The two topics entities publish to. */
    public record Topics(
            ActorRef<Topic.Command<AllocationDelta>> allocation, ActorRef<Topic.Command<FrameworkDelta>> frameworks) {}

    private record Stamp(long epoch, long number) {
        boolean isBefore(Stamp other) {
            return epoch < other.epoch || (epoch == other.epoch && number < other.number);
        }
    }

    private final ClusterSharding sharding;
    private final AtomicReference<ClusterSnapshot> published;
    private final TimerScheduler<Message> timers;
    private final Duration delay;
    private final EventLog log;
    private final PagedMap<AgentId, AllocationDelta.Agent> agents = new PagedMap<>();
    private final Map<AgentId, Stamp> stamps = new HashMap<>();
    private final List<ClusterEvent> events = new ArrayList<>();
    private final Map<FrameworkId, FrameworkBook> frameworks = new LinkedHashMap<>();
    private final Map<TaskState, Long> ended = new EnumMap<>(TaskState.class);
    private final Set<FrameworkId> askFrameworks = new LinkedHashSet<>();
    private final Set<FrameworkId> expected = new LinkedHashSet<>();
    private final ActorRef<AllocationDelta> allocationAnswers;
    private final ActorRef<FrameworkDelta> frameworkAnswers;
    private Stamp allocation = new Stamp(0, 0);
    private Stamp poolStamp = new Stamp(0, 0);
    private AllocationDelta.Pool pool = AllocationDelta.Pool.EMPTY;
    private boolean askAllocation = true;
    private boolean heardAllocation;

    private ClusterView(
            ActorContext<Message> context,
            TimerScheduler<Message> timers,
            AtomicReference<ClusterSnapshot> published,
            EventLog log,
            Topics topics,
            Set<FrameworkId> expected,
            Duration delay) {
        super(context);
        this.log = log;
        log.breakOff();
        this.sharding = ClusterSharding.get(context.getSystem());
        this.published = published;
        this.timers = timers;
        this.delay = delay;
        this.askFrameworks.addAll(expected);
        this.expected.addAll(expected);
        this.allocationAnswers = forward(AllocationDelta.class, delta -> new AllocationNews(delta, true), "asked-a");
        this.frameworkAnswers = forward(FrameworkDelta.class, delta -> new FrameworkNews(delta, true), "asked-f");
        topics.allocation()
                .tell(Topic.subscribe(
                        forward(AllocationDelta.class, delta -> new AllocationNews(delta, false), "news-a")));
        topics.frameworks()
                .tell(Topic.subscribe(
                        forward(FrameworkDelta.class, delta -> new FrameworkNews(delta, false), "news-f")));
        timers.startTimerWithFixedDelay(Ask.INSTANCE, Duration.ZERO, Duration.ofSeconds(1));
    }

    /**
     * Keeps {@code published} up to date, and writes into {@code log} what happens once it is complete.
     *
     * @param expected frameworks that are asked from the start, as the allocator is: until they were heard, nothing is complete
     */
    public static Behavior<Message> create(
            AtomicReference<ClusterSnapshot> published,
            EventLog log,
            Topics topics,
            Set<FrameworkId> expected,
            Duration delay) {
        return Behaviors.supervise(Behaviors.<Message>setup(context -> Behaviors.withTimers(
                        timers -> new ClusterView(context, timers, published, log, topics, expected, delay))))
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.1));
    }

    /** An actor that puts entities' news on a topic. */
    public static <D> Behavior<D> publisher(ActorRef<Topic.Command<D>> topic) {
        return Behaviors.receiveMessage(delta -> {
            topic.tell(Topic.publish(delta));
            return Behaviors.same();
        });
    }

    @Override
    public Receive<Message> createReceive() {
        return newReceiveBuilder()
                .onMessage(AllocationNews.class, this::onAllocation)
                .onMessage(FrameworkNews.class, this::onFramework)
                .onMessage(Publish.class, due -> onPublish())
                .onMessage(Ask.class, due -> onAsk())
                .build();
    }

    private Behavior<Message> onAllocation(AllocationNews news) {
        AllocationDelta delta = news.delta();
        Stamp stamp = new Stamp(delta.epoch(), delta.number());
        if (news.asked()) {
            askAllocation = false;
            heardAllocation = true;
        } else if (stamp.epoch() != allocation.epoch() || stamp.number() > allocation.number() + 1) {
            askAllocation = true;
        }
        if (allocation.isBefore(stamp)) {
            allocation = stamp;
        }
        delta.agents().forEach(agent -> onAgent(stamp, agent));
        if (delta.pool().isPresent() && !stamp.isBefore(poolStamp)) {
            poolStamp = stamp;
            pool = delta.pool().get();
        }
        if (news.asked() && delta.last()) {
            stamps.entrySet().stream()
                    .filter(entry -> entry.getValue().isBefore(stamp))
                    .map(Map.Entry::getKey)
                    .toList()
                    .forEach(this::forget);
        }
        return changed();
    }

    private void onAgent(Stamp stamp, AllocationDelta.Agent agent) {
        AgentId id = agent.spec().id();
        Stamp last = stamps.get(id);
        if (last != null && stamp.isBefore(last)) {
            return;
        }
        stamps.put(id, stamp);
        Optional<AllocationDelta.Agent> known = agents.get(id);
        if (known.equals(Optional.of(agent))) {
            return;
        }
        if (agent.goneAt().isPresent()) {
            forget(id);
            return;
        }
        agents.put(id, agent);
        boolean was = known.isPresent() && known.get().lostAt().isEmpty();
        boolean is = agent.lostAt().isEmpty();
        if (is && !was) {
            events.add(new ClusterEvent.AgentAdded(agent));
        } else if (was && !is) {
            events.add(new ClusterEvent.AgentRemoved(id));
        }
    }

    private void forget(AgentId id) {
        if (agents.get(id).filter(agent -> agent.lostAt().isEmpty()).isPresent()) {
            events.add(new ClusterEvent.AgentRemoved(id));
        }
        agents.remove(id);
        stamps.remove(id);
    }

    private Behavior<Message> onFramework(FrameworkNews news) {
        FrameworkDelta delta = news.delta();
        FrameworkBook book = frameworks.get(delta.framework());
        if (news.asked()) {
            askFrameworks.remove(delta.framework());
            expected.remove(delta.framework());
        } else if (book == null || !book.follows(delta)) {
            askFrameworks.add(delta.framework());
        }
        FrameworkBook known = book == null ? new FrameworkBook(delta) : book;
        if (book == null) {
            frameworks.put(delta.framework(), known);
            events.add(new ClusterEvent.FrameworkAdded(known.withoutTasks()));
        }
        known.apply(delta, ended, events::add);
        if (news.asked() && delta.last()) {
            known.wasDescribed();
        }
        return changed();
    }

    private Behavior<Message> onAsk() {
        if (askAllocation) {
            sharding.entityRefFor(AllocatorMessage.KEY, AllocatorMessage.POOL)
                    .tell(new AllocatorMessage.Describe(allocationAnswers));
        }
        for (FrameworkId framework : askFrameworks) {
            sharding.entityRefFor(SchedulerCall.KEY, framework.value())
                    .tell(new FrameworkSignal.Describe(frameworkAnswers));
        }
        return this;
    }

    private Behavior<Message> changed() {
        if (!timers.isTimerActive(Publish.INSTANCE)) {
            timers.startSingleTimer(Publish.INSTANCE, delay);
        }
        return this;
    }

    private Behavior<Message> onPublish() {
        boolean complete = heardAllocation && expected.isEmpty();
        if (complete && published.get().complete()) {
            var unused = log.append(events);
        }
        events.clear();
        published.set(new ClusterSnapshot(
                complete,
                log.last(),
                agents.snapshot(),
                frameworks.values().stream().map(FrameworkBook::snapshot).toList(),
                ended,
                pool));
        log.wake();
        return this;
    }

    private <D> ActorRef<D> forward(Class<D> type, Function<D, Message> wrap, String name) {
        ActorRef<Message> self = getContext().getSelf();
        Behavior<D> forward = Behaviors.receive(type)
                .onAnyMessage(delta -> {
                    self.tell(wrap.apply(delta));
                    return Behaviors.same();
                })
                .build();
        return getContext().spawn(forward, name);
    }
}
