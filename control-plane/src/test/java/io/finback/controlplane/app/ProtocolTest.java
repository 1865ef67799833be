package io.finback.controlplane.app;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import com.typesafe.config.ConfigFactory;
import io.finback.controlplane.placement.RejectReason;
import io.finback.controlplane.scheduler.AppChange;
import io.finback.controlplane.scheduler.AppEvent;
import io.finback.controlplane.scheduler.AppHealth;
import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.CallbackBook;
import io.finback.controlplane.scheduler.CallbackEvent;
import io.finback.controlplane.scheduler.Demand;
import io.finback.controlplane.scheduler.DeploymentConduct;
import io.finback.controlplane.scheduler.DeploymentEvent;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.scheduler.DeploymentState;
import io.finback.controlplane.scheduler.DrainBook;
import io.finback.controlplane.scheduler.DrainEvent;
import io.finback.controlplane.scheduler.Examples;
import io.finback.controlplane.scheduler.GroupBook;
import io.finback.controlplane.scheduler.GroupEvent;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.scheduler.Member;
import io.finback.controlplane.scheduler.PortBook;
import io.finback.controlplane.scheduler.PortEvent;
import io.finback.controlplane.scheduler.TaskEnvironment;
import io.finback.controlplane.service.QueueReport;
import io.finback.resources.AgentId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.CheckStatus;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** One example of every message, event and state of the services half survives the serializer. */
class ProtocolTest {
    static final List<Class<?>> PROTOCOLS = List.of(
            AppCommand.class,
            AppAnswer.class,
            SchedulerMessage.class,
            DeploymentMessage.class,
            GroupMessage.class,
            GroupEvent.class,
            DrainMessage.class,
            DrainEvent.class,
            ServiceEvent.class,
            PortsMessage.class,
            AppEvent.class,
            DeploymentEvent.class,
            PortEvent.class,
            CallbackMessage.class,
            CallbackEvent.class);

    @Test
    void everyCaseHasAnExampleThatComesBackEqual() {
        ActorTestKit kit = ActorTestKit.create(ConfigFactory.load());
        try {
            ActorRef<AppAnswer> answers = kit.<AppAnswer>createTestProbe().getRef();
            ActorRef<AppSnapshot> snapshots = kit.<AppSnapshot>createTestProbe().getRef();
            ActorRef<SchedulerMessage> scheduler =
                    kit.<SchedulerMessage>createTestProbe().getRef();
            ActorRef<AppCommand> apps = kit.<AppCommand>createTestProbe().getRef();
            List<Object> all = new ArrayList<>(commands(answers, snapshots, scheduler));
            all.addAll(others(
                    apps,
                    kit.<DeploymentMessage.BeginReply>createTestProbe().getRef(),
                    kit.<GroupsSnapshot>createTestProbe().getRef(),
                    kit.<DrainsSnapshot>createTestProbe().getRef()));
            ActorRef<CallbackMessage.Answer> callbacks =
                    kit.<CallbackMessage.Answer>createTestProbe().getRef();
            all.add(new CallbackMessage.Subscribe("http://a/b", callbacks));
            all.add(new CallbackMessage.Unsubscribe("http://a/b", callbacks));
            all.add(new CallbackMessage.Read(callbacks));
            all.add(new CallbackMessage.Wake());
            all.add(new CallbackMessage.Answer(List.of("http://a/b"), true));
            all.add(new CallbackEvent.Subscribed(Examples.NOW, "http://a/b"));
            all.add(new CallbackEvent.Unsubscribed(Examples.NOW, "http://a/b"));
            all.add(new CallbackBook(Set.of("http://a/b")));
            all.addAll(events());
            all.addAll(news());
            for (Object example : all) {
                var back = kit.serializationTestKit().verifySerialization(example, true);
                assertThat(back).isEqualTo(example);
            }
            Set<Class<?>> shown = all.stream().map(Object::getClass).collect(Collectors.toSet());
            for (Class<?> protocol : PROTOCOLS) {
                Stream.of(protocol.getDeclaredClasses())
                        .filter(c ->
                                protocol.isAssignableFrom(c) && !c.isInterface() && Modifier.isPublic(c.getModifiers()))
                        .forEach(c -> assertThat(shown).contains(c));
            }
        } finally {
            kit.shutdownTestKit();
        }
    }

    static final AppState STATE = full();
    static final GroupBook.Group GROUP = new GroupBook.Group("/g", List.of("/db"), List.of(Examples.NOW));
    static final GroupBook BOOK = new GroupBook(Map.of("/g", GROUP));

    static AppState full() {
        AppState state = Examples.running(Examples.app(2));
        String id = state.instances().keySet().iterator().next();
        state = AppEvent.fold(
                state,
                io.finback.controlplane.scheduler.TaskReport.events(state, Examples.status(id, TaskState.FAILED)));
        state = Examples.apply(state, AppChange.restart(state, false, "d1", Examples.NOW));
        return Examples.settle(Examples.order(state, "d1", 0, DeploymentPlan.Kind.RESTART));
    }

    static List<Object> commands(
            ActorRef<AppAnswer> answers, ActorRef<AppSnapshot> snapshots, ActorRef<SchedulerMessage> scheduler) {
        Instance.Place place = new Instance.Place("a", "h", List.of(1, 2), Map.of("k", "v"), Examples.NOW);
        return List.of(
                new AppCommand.Create(Examples.app(1), true, "d", answers),
                new AppCommand.Update(Examples.app(1), Examples.NOW, true, "d", answers),
                new AppCommand.Restart(false, "d", answers),
                new AppCommand.Remove(false, "d", answers),
                new AppCommand.KillInstances(List.of("t"), true, answers),
                new AppCommand.HomeReleased("t"),
                new AppCommand.KillAndScale(List.of("t"), false, "d", answers),
                new AppCommand.Revert("d", "e", answers),
                new AppCommand.Drop("d", answers),
                new AppCommand.Conduct("d", DeploymentConduct.Order.PULSE, answers),
                new AppCommand.ResetDelay(answers),
                new AppCommand.FindVersion(Examples.NOW, answers),
                new AppCommand.Wake(snapshots),
                new AppCommand.Nudge(),
                new AppCommand.Preempt(List.of("t"), "/b"),
                new AppCommand.Perform("d", 1, DeploymentPlan.Kind.SCALE),
                new AppCommand.Release("d"),
                new AppCommand.Enlist(
                        Member.update(Examples.app(1), Examples.NOW, List.of("t")),
                        STATE.lock().orElseThrow().plan(),
                        true,
                        answers),
                new AppCommand.Withdraw("d"),
                new AppCommand.StillHeld("d"),
                new AppCommand.Place(3, Map.of("t", place), scheduler),
                new AppCommand.TaskUpdates(List.of(Examples.status("t", TaskState.RUNNING))),
                new AppCommand.PortsGranted(Examples.NOW, List.of(10000)),
                new AppCommand.PortsReleased(),
                new AppCommand.EndpointsWritten(9));
    }

    static List<Object> others(
            ActorRef<AppCommand> apps,
            ActorRef<DeploymentMessage.BeginReply> begins,
            ActorRef<GroupsSnapshot> groups,
            ActorRef<DrainsSnapshot> drains) {
        AppSnapshot snapshot = AppSnapshot.of(STATE, 12);
        Instance placed = STATE.instances().values().stream()
                .filter(Instance::launched)
                .findFirst()
                .orElseThrow();
        TaskInfo task = TaskEnvironment.task(STATE.current().orElseThrow(), placed, SchedulerMessage.FRAMEWORK, true);
        return List.of(
                snapshot,
                new AppAnswer.Changed(snapshot, "d", Examples.NOW),
                new AppAnswer.Killed(snapshot, snapshot.instances()),
                new AppAnswer.Found(snapshot, STATE.current().orElseThrow()),
                new AppAnswer.Refused(snapshot, AppChange.Refusal.LOCKED),
                new SchedulerMessage.Wake(),
                new SchedulerMessage.Abdicate(),
                new SchedulerMessage.Demanded(Demand.of(STATE, 3)),
                new SchedulerMessage.Placed("/a", 3, List.of(task), true),
                new SchedulerMessage.KillTask(
                        TaskId.of("t"), Optional.of(AgentId.of("a")), Optional.of(Duration.ofSeconds(1))),
                new SchedulerMessage.AcknowledgeTask(TaskId.of("t"), "u"),
                new SchedulerMessage.ReconcileTasks(List.of(TaskId.of("t"))),
                new DeploymentMessage.Run(STATE.lock().orElseThrow().plan()),
                new DeploymentMessage.ActionDone("/a", 1),
                new DeploymentMessage.NotHeld("/a"),
                new DeploymentMessage.Begin(STATE.lock().orElseThrow().plan(), begins),
                new DeploymentMessage.CallOff(List.of("/a"), "why"),
                new DeploymentMessage.BeginReply(true),
                new GroupMessage.Replace(Examples.NOW, List.of("/g"), List.of(GROUP), groups),
                new GroupMessage.Read(groups),
                new GroupsSnapshot(3, BOOK, false),
                new DrainMessage.Begin(List.of(DRAIN), drains),
                new DrainMessage.End(List.of("h1"), drains),
                new DrainMessage.Read(drains),
                new DrainsSnapshot(3, new DrainBook(Map.of("h1", DRAIN)), true),
                new PortsMessage.Claim("/a", 3, Examples.NOW, List.of(0), apps),
                new PortsMessage.Free("/a", 3, apps),
                new QueueReport(
                        "/a",
                        Examples.NOW,
                        3,
                        2,
                        Optional.of(Examples.NOW),
                        Optional.empty(),
                        Map.of(RejectReason.INSUFFICIENT_CPUS, 1L),
                        Optional.of(new QueueReport.Cycle(
                                1,
                                2,
                                Map.of(RejectReason.INSUFFICIENT_CPUS, 1),
                                Map.of("rack IS a", 1),
                                Optional.of(UNUSED),
                                List.of(UNUSED))),
                        Optional.of("note")));
    }

    private static final DrainBook.Drain DRAIN = new DrainBook.Drain("h1", Examples.NOW, Examples.NOW.plusSeconds(9));

    private static final QueueReport.UnusedOffer UNUSED = new QueueReport.UnusedOffer(
            "o1",
            "a1",
            "host",
            Resources.of(1, 2, 3),
            Map.of("rack", "b"),
            List.of(RejectReason.INSUFFICIENT_CPUS),
            List.of("cpus: 1 of 2 (1 missing)"));

    static final AppHealth.Check CHECK = new AppHealth.Check(
            AppHealth.Protocol.HTTP,
            Optional.of("/"),
            Optional.of(0),
            Optional.empty(),
            Optional.empty(),
            Duration.ofSeconds(1),
            Duration.ofSeconds(2),
            Duration.ofSeconds(3),
            3,
            Optional.empty(),
            true,
            Optional.empty());

    static List<Object> news() {
        Optional<Instance.Place> place =
                Optional.of(new Instance.Place("a", "h", List.of(1), Map.of("k", "v"), Examples.NOW));
        DeploymentPlan plan = STATE.lock().orElseThrow().plan();
        return List.of(
                new HealthReport(
                        "/a",
                        Map.of(
                                "t",
                                new HealthReport.Seen(
                                        List.of(new HealthReport.CheckResult(
                                                true,
                                                1,
                                                Optional.of(Examples.NOW),
                                                Optional.empty(),
                                                Optional.empty(),
                                                Optional.of("why"))),
                                        Optional.of(new HealthReport.Ready(
                                                "r",
                                                true,
                                                Optional.of(new HealthReport.Answer(200, "text/plain", "ok")))),
                                        Optional.of(new CheckStatus(
                                                CheckStatus.Type.HTTP,
                                                Optional.empty(),
                                                Optional.of(200),
                                                Optional.empty()))))),
                new ServiceEvent.TaskChanged("i", Examples.NOW, "/a", "t", Examples.NOW, TaskState.RUNNING, place, "m"),
                new ServiceEvent.InstanceChanged("i", Examples.NOW, "/a", "t", Examples.NOW, "Running", place),
                new ServiceEvent.HealthChanged("i", Examples.NOW, "/a", "t", Examples.NOW, true),
                new ServiceEvent.InstanceHealthChanged("i", Examples.NOW, "/a", "t", Examples.NOW, true),
                new ServiceEvent.CheckFailed("i", Examples.NOW, "/a", "t", CHECK),
                new ServiceEvent.UnhealthyKilled("i", Examples.NOW, "/a", "t", Examples.NOW, "why", place),
                new ServiceEvent.CheckAdded("i", Examples.NOW, "/a", Examples.NOW, CHECK),
                new ServiceEvent.CheckRemoved("i", Examples.NOW, "/a"),
                new ServiceEvent.AppTerminated("i", Examples.NOW, "/a"),
                new ServiceEvent.UnknownEnded("i", Examples.NOW, "/a", "t", TaskState.RUNNING),
                new ServiceEvent.DeploymentChanged(
                        "i", Examples.NOW, ServiceEvent.Progress.FAILED, plan, 1, Optional.of("why")),
                new ServiceEvent.GroupChanged("i", Examples.NOW, "/a", Examples.NOW, Optional.empty()),
                new ServiceEvent.ApiPosted(
                        "i",
                        Examples.NOW,
                        "1.2.3.4",
                        "/v2/apps",
                        STATE.current().orElseThrow()),
                new ServiceEvent.CallbackChanged("i", Examples.NOW, "1.2.3.4", "http://a/b", true),
                new ServiceEvent.PodChanged("i", Examples.NOW, "1.2.3.4", "/v2/pods", ServiceEvent.PodChange.CREATED),
                new ServiceEvent.SchedulerChanged(
                        "i", Examples.NOW, ServiceEvent.Connection.REREGISTERED, "f", "1.2.3.4:8080"),
                new ServiceEvent.StreamChanged("i", Examples.NOW, "1.2.3.4", true));
    }

    static final AppState RESIDENT = Examples.running(Examples.resident(1));

    static final AppEvent POD = new AppEvent.VersionAdded(Examples.apply(
                    AppState.empty("/p"),
                    AppChange.create(AppState.empty("/p"), Examples.pod(), false, "d", Examples.NOW))
            .current()
            .orElseThrow());

    static List<Object> events() {
        Instance instance = STATE.instances().values().iterator().next();
        PortBook.Holding holding = new PortBook.Holding(3, List.of(10000));
        return List.of(
                STATE,
                AppState.empty("/a"),
                new AppEvent.VersionAdded(STATE.current().orElseThrow()),
                new AppEvent.PortsAssigned(Examples.NOW, List.of(1)),
                new AppEvent.Locked(STATE.lock().orElseThrow()),
                new AppEvent.Unlocked("d"),
                new AppEvent.Ordered(STATE.order().orElseThrow()),
                new AppEvent.InstancesAdded(List.of(instance)),
                new AppEvent.InstancesPlaced(
                        Map.of("t", new Instance.Place("a", "h", List.of(1), Map.of(), Examples.NOW))),
                new AppEvent.InstanceReported("t", Instance.Phase.RUNNING, Examples.NOW, Optional.of(true)),
                new AppEvent.InstancesReported(List.of(
                        new AppEvent.InstanceReported("t", Instance.Phase.RUNNING, Examples.NOW, Optional.of(true)))),
                new AppEvent.PartReported(
                        "t",
                        "c",
                        new io.finback.controlplane.scheduler.PodPart(
                                TaskState.RUNNING,
                                Examples.NOW,
                                Optional.of(true),
                                Optional.empty(),
                                Optional.of("m"))),
                new AppEvent.Conducted(
                        "d", new DeploymentConduct(true, 2, Optional.of(Examples.NOW), Optional.empty())),
                POD,
                new AppEvent.InstancesAdded(List.copyOf(Examples.settle(Examples.order(
                                Examples.apply(
                                        AppState.empty("/p"),
                                        AppChange.create(
                                                AppState.empty("/p"), Examples.pod(), false, "d", Examples.NOW)),
                                "d",
                                1,
                                DeploymentPlan.Kind.SCALE))
                        .instances()
                        .values())),
                new AppEvent.InstancesDoomed(List.of("t")),
                new AppEvent.HealthChanged("t", true),
                new AppEvent.InstancesDropped(List.of("t")),
                new AppEvent.InstanceEnded("t", TaskState.LOST, Examples.NOW, Optional.of("r"), Optional.empty()),
                new AppEvent.HomesTaken(Map.of("t", "h")),
                new AppEvent.HomesLeft(List.of("h")),
                new AppEvent.HomesReleased(List.of("h")),
                RESIDENT,
                new AppEvent.InstancesPlaced(Map.of(
                        "t",
                        RESIDENT.instances().values().iterator().next().place().orElseThrow())),
                new AppEvent.BackoffReset(),
                new AppEvent.AppRemoved(),
                new DeploymentEvent.Started(STATE.lock().orElseThrow().plan()),
                new DeploymentEvent.Begun(STATE.lock().orElseThrow().plan()),
                new DeploymentEvent.ActionDone("/a"),
                new DeploymentEvent.AppLost("/a"),
                new DeploymentEvent.Aborted("why"),
                new AppEvent.Withdrawn("d"),
                BOOK,
                new GroupEvent.Kept(Examples.NOW, List.of(GROUP)),
                new GroupEvent.Removed(Examples.NOW, "/g"),
                new DrainEvent.Begun(List.of(DRAIN)),
                new DrainEvent.Ended(List.of("h1")),
                new DeploymentState(
                        STATE.lock().map(AppState.Lock::plan), 0, Set.of("/a"), Set.of(), Optional.of(true)),
                new PortEvent.Held("/a", holding),
                PortBook.EMPTY.with("/a", holding));
    }
}
