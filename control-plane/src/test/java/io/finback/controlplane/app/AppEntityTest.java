package io.finback.controlplane.app;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.controlplane.scheduler.AppChange;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppEvent;
import io.finback.controlplane.scheduler.AppHealth;
import io.finback.controlplane.scheduler.AppState;
import io.finback.controlplane.scheduler.DeploymentPlan;
import io.finback.controlplane.scheduler.Examples;
import io.finback.controlplane.scheduler.Home;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.service.ServicesView;
import io.finback.controlplane.service.TestMaster;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.AppEndpoints;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The app's entity alone, restarted after each step; every command, event and state passes the serializer. */
class AppEntityTest {
    static final AppSettings SETTINGS = new AppSettings(
            Duration.ofMillis(50),
            Duration.ofSeconds(5),
            Duration.ofMillis(20),
            Duration.ofSeconds(30),
            Duration.ofMillis(200),
            Duration.ofSeconds(60),
            Duration.ofSeconds(600));

    /** Notes what the entity says. */
    static final class Notes implements AppLinks {
        final List<Home> released = new CopyOnWriteArrayList<>();

        @Override
        public void release(Home home, ActorRef<AppCommand> replyTo) {
            released.add(home);
        }

        final List<SchedulerMessage> scheduler = new CopyOnWriteArrayList<>();
        final List<DeploymentMessage> deployments = new CopyOnWriteArrayList<>();
        final List<PortsMessage> ports = new CopyOnWriteArrayList<>();
        final List<AppEndpoints> endpoints = new CopyOnWriteArrayList<>();
        volatile boolean confirmEndpoints = true;
        volatile boolean portsRefuse;

        @Override
        public io.finback.controlplane.scheduler.DrainBook drains() {
            return io.finback.controlplane.scheduler.DrainBook.EMPTY;
        }

        @Override
        public boolean enforcesRole(String appId) {
            return false;
        }

        @Override
        public void toScheduler(SchedulerMessage message) {
            scheduler.add(message);
        }

        @Override
        public void toDeployment(String deploymentId, DeploymentMessage message) {
            deployments.add(message);
        }

        @Override
        public void toPorts(PortsMessage message) {
            ports.add(message);
        }

        final List<AppSnapshot> snapshots = new CopyOnWriteArrayList<>();
        final List<ServiceEvent> events = new CopyOnWriteArrayList<>();

        @Override
        public void toViews(AppSnapshot snapshot) {
            snapshots.add(snapshot);
        }

        @Override
        public void toViews(HealthReport report) {}

        @Override
        public void publish(ServiceEvent event) {
            events.add(event);
        }

        @Override
        public CompletionStage<ProbeResult> look(HealthWatch.Look look) {
            return CompletableFuture.completedFuture(ProbeResult.NOTHING);
        }

        @Override
        public CompletionStage<Boolean> refuses(String host, int port) {
            return CompletableFuture.completedFuture(portsRefuse);
        }

        @Override
        public void toEndpoints(AppEndpoints message, ActorRef<AppCommand> replyTo) {
            endpoints.add(message);
            if (confirmEndpoints) {
                replyTo.tell(new AppCommand.EndpointsWritten(message.revision()));
            }
        }
    }

    static final Config CONFIG = EventSourcedBehaviorTestKit.config();

    final ActorTestKit kit =
            ActorTestKit.create(CONFIG.withFallback(ConfigFactory.load()).resolve());
    final Notes notes = new Notes();
    final EventSourcedBehaviorTestKit<AppCommand, AppEvent, AppState> app = EventSourcedBehaviorTestKit.create(
            kit.system(), AppEntity.create("shop_api", SETTINGS, notes, InstantSource.system()));
    final TestProbe<SchedulerMessage> scheduler = kit.createTestProbe(SchedulerMessage.class);

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    @com.google.errorprone.annotations.CanIgnoreReturnValue
    AppState restarted() {
        AppState before = app.getState();
        assertThat(app.restart().state()).isEqualTo(before);
        return app.getState();
    }

    void awaitReady(int count) {
        TestMaster.await(
                count + " endpoints",
                () -> notes.endpoints.get(notes.endpoints.size() - 1).ready().size() == count);
    }

    Instance only() {
        return app.getState().instances().values().iterator().next();
    }

    @Test
    void createsPlacesRunsDrainsAndRemovesWithARestartAfterEachStep() {
        AppAnswer created = app.<AppAnswer>runCommand(
                        replyTo -> new AppCommand.Create(Examples.app(1), false, "d0", replyTo))
                .reply();
        assertThat(created).isInstanceOf(AppAnswer.Changed.class);
        restarted();
        AppAnswer again = app.<AppAnswer>runCommand(
                        replyTo -> new AppCommand.Create(Examples.app(1), false, "d9", replyTo))
                .reply();
        assertThat(((AppAnswer.Refused) again).why()).isEqualTo(AppChange.Refusal.EXISTS);
        app.runCommand(new AppCommand.Perform("d0", 1, DeploymentPlan.Kind.SCALE));
        assertThat(restarted().instances()).hasSize(1);
        String id = only().taskId();
        Instance.Place place = new Instance.Place("a1", "h1", List.of(31001), Map.of(), Examples.NOW);
        app.runCommand(new AppCommand.Place(7, Map.of(id, place, "shop_api.no", place), scheduler.getRef()));
        SchedulerMessage.Placed placed = (SchedulerMessage.Placed) scheduler.receiveMessage();
        assertThat(placed.tasks()).singleElement().satisfies(t -> assertThat(t.id().value())
                .isEqualTo(id));
        restarted();
        app.runCommand(new AppCommand.Place(8, Map.of(id, place), scheduler.getRef()));
        assertThat(((SchedulerMessage.Placed) scheduler.receiveMessage()).tasks())
                .isEmpty();
        TaskStatus running = Examples.status(id, TaskState.RUNNING);
        app.runCommand(new AppCommand.TaskUpdates(List.of(running)));
        assertThat(notes.scheduler)
                .contains(new SchedulerMessage.AcknowledgeTask(
                        running.task(), running.uuid().orElseThrow()));
        awaitReady(1);
        assertThat(notes.deployments).contains(new DeploymentMessage.ActionDone("/shop/api", 1));
        restarted();
        app.runCommand(new AppCommand.Release("d0"));
        assertThat(restarted().lock()).isEmpty();

        notes.confirmEndpoints = false;
        notes.scheduler.clear();
        app.runCommand((ActorRef<AppAnswer> replyTo) -> new AppCommand.Remove(false, "d1", replyTo));
        app.runCommand(new AppCommand.Perform("d1", 0, DeploymentPlan.Kind.STOP));
        AppEndpoints withdrawn = notes.endpoints.get(notes.endpoints.size() - 1);
        assertThat(withdrawn.ready()).isEmpty();
        scheduler.expectNoMessage(Duration.ofMillis(150));
        assertThat(notes.scheduler).noneMatch(m -> m instanceof SchedulerMessage.KillTask);
        app.runCommand(new AppCommand.EndpointsWritten(withdrawn.revision()));
        await(() -> notes.scheduler.stream().anyMatch(m -> m instanceof SchedulerMessage.KillTask));
        app.runCommand(new AppCommand.TaskUpdates(List.of(Examples.status(id, TaskState.KILLED))));
        assertThat(notes.deployments).contains(new DeploymentMessage.ActionDone("/shop/api", 0));
        restarted();
        app.runCommand(new AppCommand.Release("d1"));
        assertThat(app.getState()).isEqualTo(AppState.empty("/shop/api"));
        await(() -> notes.ports.stream().anyMatch(m -> m instanceof PortsMessage.Free));
    }

    @Test
    void aRequestThatIsSaidAgainIsAnsweredAgainAndChangesNothing() {
        for (int time = 0; time < 2; time++) {
            assertThat(app.<AppAnswer>runCommand(
                                    replyTo -> new AppCommand.Create(Examples.app(1), false, "d0", replyTo))
                            .reply())
                    .isInstanceOf(AppAnswer.Changed.class);
        }
        AppState created = app.getState();
        AppAnswer first = app.<AppAnswer>runCommand(replyTo -> new AppCommand.Restart(true, "d1", replyTo))
                .reply();
        AppState restarted = app.getState();
        AppAnswer second = app.<AppAnswer>runCommand(replyTo -> new AppCommand.Restart(true, "d1", replyTo))
                .reply();
        assertThat(restarted.versions()).hasSizeGreaterThan(created.versions().size());
        assertThat(app.getState().versions()).isEqualTo(restarted.versions());
        assertThat(((AppAnswer.Changed) second).version()).isEqualTo(((AppAnswer.Changed) first).version());
    }

    @Test
    void answersOnlyWhenServicePortsAreJournaled() {
        var zero = Examples.app(1).withPortNumbers(List.of(0));
        var probe = kit.<AppAnswer>createTestProbe();
        app.runCommand(new AppCommand.Create(zero, false, "d0", probe.getRef()));
        probe.expectNoMessage(Duration.ofMillis(100));
        PortsMessage.Claim claim = (PortsMessage.Claim) notes.ports.get(0);
        app.runCommand(new AppCommand.PortsGranted(claim.version(), List.of(10005)));
        AppAnswer.Changed changed = (AppAnswer.Changed) probe.receiveMessage();
        assertThat(changed.snapshot()
                        .current()
                        .orElseThrow()
                        .definition()
                        .ports()
                        .get(0)
                        .port())
                .isEqualTo(10005);
        restarted();
        app.runCommand(new AppCommand.PortsGranted(claim.version(), List.of(10006)));
        assertThat(app.getState()).isEqualTo(restarted());
    }

    static void await(java.util.function.BooleanSupplier condition) {
        io.finback.controlplane.service.TestMaster.await("condition", condition);
    }

    @Test
    void anInstanceThatRefusesConnectionsIsNoEndpointUntilItTakesThem() {
        notes.portsRefuse = true;
        app.<AppAnswer>runCommand(replyTo -> new AppCommand.Create(Examples.app(1), false, "d0", replyTo));
        app.runCommand(new AppCommand.Perform("d0", 1, DeploymentPlan.Kind.SCALE));
        String id = only().taskId();
        Instance.Place place = new Instance.Place("a1", "h1", List.of(31001), Map.of(), Examples.NOW);
        app.runCommand(new AppCommand.Place(7, Map.of(id, place), scheduler.getRef()));
        scheduler.receiveMessage();
        TaskStatus now = Examples.status(id, TaskState.RUNNING);
        app.runCommand(new AppCommand.TaskUpdates(List.of(new TaskStatus(
                now.task(),
                now.framework(),
                now.agent(),
                now.state(),
                now.source(),
                now.uuid(),
                Instant.now(),
                now.reason(),
                now.message(),
                now.healthy(),
                Optional.empty()))));
        scheduler.expectNoMessage(Duration.ofMillis(250));
        assertThat(notes.endpoints).allMatch(e -> e.ready().isEmpty());
        assertThat(notes.deployments).contains(new DeploymentMessage.ActionDone("/shop/api", 1));
        notes.portsRefuse = false;
        awaitReady(1);
        // After a restart what runs is taken to serve: no master's failure may empty the mesh.
        notes.portsRefuse = true;
        int before = notes.endpoints.size();
        restarted();
        TestMaster.await("endpoints are said again", () -> notes.endpoints.size() > before);
        assertThat(notes.endpoints.get(before).ready()).hasSize(1);
        // Routers take only what is newer, and what listens is journaled nowhere.
        assertThat(notes.endpoints.stream().map(e -> e.revision()).toList())
                .isSorted()
                .doesNotHaveDuplicates();
    }

    @Test
    void theViewThatKnowsWhatFollowsFromHealthKnowsTheHealth() {
        AppHealth.Check check = new AppHealth.Check(
                AppHealth.Protocol.COMMAND,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of("true"),
                Duration.ZERO,
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                0,
                Optional.empty(),
                false,
                Optional.empty());
        AppDefinition checked = Examples.app(
                "v1", 1, new AppDefinition.UpgradeStrategy(1, 1), new AppHealth(List.of(check), Optional.empty()));
        app.<AppAnswer>runCommand(replyTo -> new AppCommand.Create(checked, false, "d0", replyTo));
        app.runCommand(new AppCommand.Perform("d0", 1, DeploymentPlan.Kind.SCALE));
        String id = only().taskId();
        Instance.Place place = new Instance.Place("a1", "h1", List.of(31001), Map.of(), Examples.NOW);
        app.runCommand(new AppCommand.Place(7, Map.of(id, place), scheduler.getRef()));
        app.runCommand(new AppCommand.TaskUpdates(List.of(healthy(id, false))));
        app.runCommand(new AppCommand.TaskUpdates(List.of(healthy(id, true))));
        int first = (int) notes.snapshots.stream()
                .takeWhile(s -> s.instances().stream().noneMatch(Instance::ready))
                .count();
        AppSnapshot told = notes.snapshots.get(first);
        assertThat(told.seen(id).orElseThrow().checks()).singleElement().matches(HealthReport.CheckResult::alive);
        // A view that heard of another look in between keeps the later one.
        ServicesView view = new ServicesView(false);
        view.apply(notes.snapshots.get(first - 1));
        view.apply(told);
        assertThat(view.any("/shop/api").orElseThrow().seen(id)).isEqualTo(told.seen(id));
        assertThat(told.after(told.seeing(Map.of(id, later()))).seen(id)).contains(later());
        assertThat(told.seeing(Map.of()).after(told).seen(id)).isEqualTo(told.seen(id));
    }

    private static HealthReport.Seen later() {
        Optional<Instant> never = Optional.empty();
        return new HealthReport.Seen(
                List.of(new HealthReport.CheckResult(
                        false, 1, never, never, Optional.of(Instant.MAX), Optional.of("refused"))),
                Optional.empty(),
                Optional.empty());
    }

    private static TaskStatus healthy(String id, boolean healthy) {
        TaskStatus now = Examples.status(id, TaskState.RUNNING);
        return new TaskStatus(
                now.task(),
                now.framework(),
                now.agent(),
                now.state(),
                now.source(),
                now.uuid(),
                now.at(),
                now.reason(),
                now.message(),
                Optional.of(healthy),
                Optional.empty());
    }

    @Test
    void placesNothingThatWaitsWithAnOldConfiguration() {
        app.<AppAnswer>runCommand(replyTo -> new AppCommand.Create(Examples.app(1), false, "d0", replyTo));
        app.runCommand(new AppCommand.Perform("d0", 1, DeploymentPlan.Kind.SCALE));
        String id = only().taskId();
        app.<AppAnswer>runCommand(replyTo -> new AppCommand.Update(
                Examples.app("v2", 1, 1, 1),
                app.getState().current().orElseThrow().version(),
                true,
                "d1",
                replyTo));
        Instance.Place place = new Instance.Place("a1", "h1", List.of(31001), Map.of(), Examples.NOW);
        app.runCommand(new AppCommand.Place(7, Map.of(id, place), scheduler.getRef()));
        assertThat(((SchedulerMessage.Placed) scheduler.receiveMessage()).tasks())
                .isEmpty();
    }
}
