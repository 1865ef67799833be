package io.finback.controlplane.service;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import io.finback.controlplane.allocation.OperatorCommand;
import io.finback.controlplane.allocation.OperatorReply;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.framework.CallAnswer;
import io.finback.controlplane.framework.FrameworkMessage;
import io.finback.controlplane.framework.Offer;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.framework.SchedulerEvent;
import io.finback.resources.AgentId;
import io.finback.resources.OfferId;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.StatusDetails;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;

/**
 * Agents, allocator and framework entity in one small fake that speaks exactly the scheduler conversation. It outlives the actor system
 * under test, as tasks outlive masters. Thread-safe.
 */
public final class FakeWorld {
    private enum Tick {
        INSTANCE
    }

    /** A task as the world sees it. */
    public static final class Task {
        public final TaskInfo info;
        public TaskState state = TaskState.STAGING;
        final Deque<TaskStatus> unacknowledged = new ArrayDeque<>();

        Task(TaskInfo info) {
            this.info = info;
        }

        boolean live() {
            return !state.isTerminal();
        }
    }

    private final Map<AgentId, Resources> agents = new LinkedHashMap<>();
    private final Map<OfferId, Offer> offers = new LinkedHashMap<>();
    private final Map<AgentId, Instant> filters = new HashMap<>();
    private final Map<TaskId, Task> tasks = new LinkedHashMap<>();
    private ActorRef<SchedulerEvent> scheduler;
    private Optional<String> host = Optional.empty();
    private boolean suppressed;
    private int racks = 1;
    private boolean starting = true;
    private Predicate<TaskInfo> starts = task -> true;
    private java.util.function.Function<TaskInfo, Optional<TaskState>> ends = task -> Optional.empty();
    public int launches;
    public int refusedLaunches;
    public int doubleLaunches;
    public int declines;
    public int suppressions;
    private final Map<String, Integer> fewestRunning = new HashMap<>();
    private final Map<String, Integer> mostLive = new HashMap<>();

    public FakeWorld agents(int count, Resources each) {
        for (int i = 0; i < count; i++) {
            agents.put(AgentId.of("agent-" + i), each.withPorts(Ranges.of(31000 + 100L * i, 31099 + 100L * i)));
        }
        return this;
    }

    /** So many racks, of which each has every so manieth agent. */
    public FakeWorld racks(int count) {
        racks = count;
        return this;
    }

    /** All agents are at this address. */
    public FakeWorld at(String address) {
        host = Optional.of(address);
        return this;
    }

    /** The stand-in for the framework's entity. */
    public Behavior<FrameworkMessage> framework() {
        return conversation().narrow();
    }

    private Behavior<Object> conversation() {
        return Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(Tick.INSTANCE, Duration.ofMillis(20));
            return Behaviors.receive(Object.class)
                    .onMessage(SchedulerCall.Subscribe.class, m -> locked(() -> onSubscribe(m)))
                    .onMessage(SchedulerCall.Accept.class, m -> locked(() -> onAccept(m)))
                    .onMessage(SchedulerCall.Decline.class, m -> locked(() -> onDecline(m)))
                    .onMessage(
                            SchedulerCall.Suppress.class,
                            m -> locked(() -> {
                                suppressed = true;
                                suppressions++;
                            }))
                    .onMessage(
                            SchedulerCall.Revive.class,
                            m -> locked(() -> {
                                suppressed = false;
                                filters.clear();
                            }))
                    .onMessage(SchedulerCall.Kill.class, m -> locked(() -> onKill(m)))
                    .onMessage(SchedulerCall.Acknowledge.class, m -> locked(() -> onAcknowledge(m)))
                    .onMessage(SchedulerCall.Reconcile.class, m -> locked(() -> onReconcile(m)))
                    .onMessage(Tick.class, m -> locked(this::onTick))
                    .build();
        });
    }

    /** What operators may command is done; there is nothing here to be changed. */
    public CompletionStage<OperatorReply> operate(OperatorCommand command) {
        return CompletableFuture.completedFuture(new OperatorReply.Done());
    }

    // --- what tests do

    public synchronized List<Task> live(String appPrefix) {
        return tasks.values().stream()
                .filter(t -> t.live() && t.info.id().value().startsWith(appPrefix + "."))
                .toList();
    }

    public synchronized List<Task> running(String appPrefix) {
        return live(appPrefix).stream()
                .filter(t -> t.state == TaskState.RUNNING)
                .toList();
    }

    public synchronized List<Task> all() {
        return List.copyOf(tasks.values());
    }

    public synchronized void report(TaskId task, TaskState state) {
        update(tasks.get(task), state, Optional.of("test"));
    }

    /** The same state again, with more said about it. */
    public synchronized void reportWith(TaskId task, TaskState state, StatusDetails details) {
        TaskStatus status = status(
                        task,
                        tasks.get(task).info.agent(),
                        state,
                        Optional.of(UUID.randomUUID().toString()),
                        Optional.empty())
                .withDetails(details);
        scheduler.tell(new SchedulerEvent.Update(status));
    }

    /** Launched tasks that are refused stay staging. */
    public synchronized void startOnly(Predicate<TaskInfo> which) {
        starts = which;
    }

    /** Running tasks end by themselves, each as this says; those it says nothing of run on. */
    public synchronized void ends(java.util.function.Function<TaskInfo, Optional<TaskState>> how) {
        ends = how;
    }

    public synchronized void scheduler(boolean there) {
        starting = there;
    }

    public synchronized void watch(String app) {
        fewestRunning.put(app, Integer.MAX_VALUE);
        mostLive.put(app, 0);
    }

    public synchronized int fewestRunning(String app) {
        return fewestRunning.get(app);
    }

    public synchronized int mostLive(String app) {
        return mostLive.get(app);
    }

    public synchronized int outstandingOffers() {
        return offers.size();
    }

    // --- the conversation

    private synchronized Behavior<Object> locked(Runnable action) {
        action.run();
        fewestRunning.replaceAll((app, least) -> Math.min(least, running(app).size()));
        mostLive.replaceAll((app, most) -> Math.max(most, live(app).size()));
        return Behaviors.same();
    }

    private void onSubscribe(SchedulerCall.Subscribe m) {
        boolean same = m.scheduler().equals(scheduler);
        scheduler = m.scheduler();
        scheduler.tell(new SchedulerEvent.Subscribed(SchedulerMessage.FRAMEWORK));
        if (!same) {
            offers.clear();
            suppressed = false;
            filters.clear();
        }
        tasks.values().stream()
                .flatMap(t -> t.unacknowledged.stream().limit(1))
                .forEach(s -> scheduler.tell(new SchedulerEvent.Update(s)));
    }

    private void onAccept(SchedulerCall.Accept m) {
        m.caller().replyTo().ifPresent(to -> to.tell(new CallAnswer.Done()));
        boolean valid = offers.keySet().containsAll(m.offers());
        Resources left = Resources.EMPTY;
        for (OfferId id : m.offers()) {
            Offer offer = offers.remove(id);
            left = offer == null ? left : left.plus(offer.resources());
        }
        List<TaskInfo> launched = new ArrayList<>(m.launches());
        m.operations().forEach(operation -> {
            if (operation instanceof SchedulerCall.Operation.LaunchGroup group) {
                launched.addAll(group.group());
            }
        });
        for (TaskInfo info : launched) {
            if (tasks.containsKey(info.id())) {
                doubleLaunches++;
                continue;
            }
            Task task = new Task(info);
            tasks.put(info.id(), task);
            if (!valid || !left.contains(info.resources())) {
                refusedLaunches++;
                update(task, TaskState.LOST, Optional.of("INVALID_OFFERS"));
                continue;
            }
            left = left.minus(info.resources());
            launches++;
        }
    }

    private void onDecline(SchedulerCall.Decline m) {
        for (OfferId id : m.offers()) {
            Offer offer = offers.remove(id);
            if (offer != null) {
                declines++;
                filters.put(offer.agent(), Instant.now().plus(m.refuse()));
            }
        }
    }

    private void onKill(SchedulerCall.Kill m) {
        Task task = tasks.get(m.task());
        if (task == null) {
            scheduler.tell(new SchedulerEvent.Update(
                    status(m.task(), AgentId.of("none"), TaskState.LOST, Optional.empty(), Optional.empty())));
        } else if (task.live()) {
            update(task, TaskState.KILLED, Optional.empty());
        }
    }

    private void onAcknowledge(SchedulerCall.Acknowledge m) {
        Task task = tasks.get(m.task());
        if (task != null
                && !task.unacknowledged.isEmpty()
                && task.unacknowledged.peek().uuid().equals(Optional.of(m.uuid()))) {
            task.unacknowledged.poll();
            if (!task.unacknowledged.isEmpty()) {
                scheduler.tell(new SchedulerEvent.Update(task.unacknowledged.peek()));
            }
        }
    }

    private void onReconcile(SchedulerCall.Reconcile m) {
        for (SchedulerCall.Asked asked : m.tasks()) {
            TaskId id = asked.task();
            Task task = tasks.get(id);
            AgentId agent = task == null ? AgentId.of("none") : task.info.agent();
            TaskState state = task == null ? TaskState.LOST : task.state;
            scheduler.tell(new SchedulerEvent.Update(
                    status(id, agent, state, Optional.empty(), Optional.of("RECONCILIATION"))));
        }
    }

    private void onTick() {
        if (scheduler == null || !starting) {
            return;
        }
        tasks.values().stream()
                .filter(t -> t.state == TaskState.RUNNING)
                .toList()
                .forEach(t -> ends.apply(t.info).ifPresent(end -> update(t, end, Optional.empty())));
        tasks.values().stream()
                .filter(t -> t.state == TaskState.STAGING && starts.test(t.info))
                .toList()
                .forEach(t -> update(t, TaskState.RUNNING, Optional.empty()));
        if (suppressed) {
            return;
        }
        List<Offer> fresh = new ArrayList<>();
        for (AgentId agent : agents.keySet()) {
            boolean offered = offers.values().stream().anyMatch(o -> o.agent().equals(agent));
            boolean filtered = Instant.now().isBefore(filters.getOrDefault(agent, Instant.EPOCH));
            Resources free = free(agent);
            if (!offered && !filtered && !free.isEmpty()) {
                Offer offer = new Offer(
                        OfferId.of(UUID.randomUUID().toString()),
                        SchedulerMessage.FRAMEWORK,
                        agent,
                        host.orElse("host-" + agent.value()),
                        free,
                        Map.of("rack", rack(agent)));
                offers.put(offer.id(), offer);
                fresh.add(offer);
            }
        }
        if (!fresh.isEmpty()) {
            scheduler.tell(new SchedulerEvent.Offers(fresh));
        }
    }

    private String rack(AgentId agent) {
        return "r" + (1 + List.copyOf(agents.keySet()).indexOf(agent) % racks);
    }

    private Resources free(AgentId agent) {
        Resources free = agents.get(agent);
        for (Task task : tasks.values()) {
            if (task.live() && task.info.agent().equals(agent)) {
                free = free.minus(task.info.resources());
            }
        }
        return free;
    }

    private void update(Task task, TaskState state, Optional<String> reason) {
        task.state = state;
        boolean answered = state != TaskState.UNREACHABLE;
        TaskStatus status = status(
                task.info.id(),
                task.info.agent(),
                state,
                answered ? Optional.of(UUID.randomUUID().toString()) : Optional.empty(),
                reason);
        if (!answered) {
            scheduler.tell(new SchedulerEvent.Update(status));
            return;
        }
        task.unacknowledged.add(status);
        if (task.unacknowledged.size() == 1) {
            scheduler.tell(new SchedulerEvent.Update(status));
        }
        if (state.isTerminal() && state != TaskState.FINISHED) {
            sharedFate(task);
        }
    }

    /** The others of its group end with it. */
    private void sharedFate(Task ended) {
        var group = ended.info.options().group();
        tasks.values().stream()
                .filter(t -> group.isPresent()
                        && t.live()
                        && t.info.options().group().equals(group))
                .toList()
                .forEach(t -> update(t, TaskState.KILLED, Optional.empty()));
    }

    private static TaskStatus status(
            TaskId id, AgentId agent, TaskState state, Optional<String> uuid, Optional<String> reason) {
        return new TaskStatus(
                id,
                SchedulerMessage.FRAMEWORK,
                agent,
                state,
                TaskStatus.Source.AGENT,
                uuid,
                Instant.now(),
                reason,
                Optional.of("told by the fake world"),
                Optional.empty(),
                Optional.empty());
    }
}
