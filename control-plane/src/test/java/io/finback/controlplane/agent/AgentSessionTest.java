package io.finback.controlplane.agent;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.finback.controlplane.allocation.AgentTerms;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocation.SessionReply;
import io.finback.controlplane.allocation.WakeSession;
import io.finback.controlplane.framework.AgentReport;
import io.finback.controlplane.framework.SessionOrder;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.PersistentVolume;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.resources.TaskKey;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.AgentEnvelope;
import io.finback.wire.AgentInfo;
import io.finback.wire.AgentSessionMessage;
import io.finback.wire.AgentToMaster;
import io.finback.wire.AgentToMaster.KnownTask;
import io.finback.wire.MasterToAgent;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The master's half of the conversation, between an agent, an allocator and frameworks that say whatever they may ever say. */
class AgentSessionTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration QUIET = Duration.ofMillis(200);
    private static final AgentId AGENT = AgentId.of("a1");
    private static final FrameworkId FRAMEWORK = FrameworkId.of("f1");
    private static final FrameworkId OTHER = FrameworkId.of("f2");
    private static final AgentInfo INFO =
            new AgentInfo(AGENT, "127.0.0.1", 5051, Resources.of(1000, 100_000, 0), Map.of(), "test");
    private static final AgentSettings SETTINGS = new AgentSettings(
            Duration.ofMillis(100),
            Duration.ofSeconds(20),
            Duration.ofSeconds(40),
            Duration.ofSeconds(90),
            Duration.ofMillis(150),
            100_000);

    private record Said(FrameworkId framework, AgentReport report) {}

    private ActorTestKit kit;
    private TestProbe<MasterToAgent> agent;
    private TestProbe<AllocatorMessage> allocator;
    private TestProbe<Said> frameworks;
    private ActorRef<AgentSessionMessage> session;

    @BeforeEach
    void open() {
        kit = ActorTestKit.create();
        agent = kit.createTestProbe();
        allocator = kit.createTestProbe();
        frameworks = kit.createTestProbe();
        start(Clock.systemUTC());
    }

    @AfterEach
    void close() {
        kit.shutdownTestKit();
    }

    private void start(Clock clock) {
        session = kit.spawn(AgentSession.create(
                AGENT,
                new AgentSession.Collaborators(
                        SETTINGS, clock, message -> allocator.getRef().tell(message), (framework, report) -> frameworks
                                .getRef()
                                .tell(new Said(framework, report)))));
    }

    @Test
    void worksAtOnceWhateverTheClockSays() {
        start(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
        long before = 1_795_370_325_965_716L;
        say(new AgentToMaster.Heartbeat(before));
        assertThat(agent.expectMessageClass(MasterToAgent.RegisterAgain.class)).isNotNull();
        register("try-1", before, List.of());
        AllocatorMessage.Admit admit = asked(AllocatorMessage.Admit.class);
        assertThat(admit.lastSession()).isEqualTo(before);

        admit.replyTo().tell(admitted(admit, before + 1));

        assertThat(told(MasterToAgent.Registered.class).session()).isEqualTo(before + 1);
        session.tell(work(FRAMEWORK, List.of(task(FRAMEWORK, "t")), List.of()));
        assertThat(told(MasterToAgent.Launch.class).session()).isEqualTo(before + 1);
    }

    @Test
    void aLargeRegistrationCountsWhenItIsWhole() {
        List<KnownTask> tasks = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            tasks.add(new KnownTask(task(i % 5 == 0 ? OTHER : FRAMEWORK, "task-" + i), TaskState.RUNNING));
        }
        List<AgentToMaster.Register> parts = AgentToMaster.Register.of(INFO, "try-2", 0, tasks);
        assertThat(parts).hasSizeGreaterThan(2);
        say(AgentToMaster.Register.of(INFO, "try-1", 0, tasks).get(0));
        parts.subList(1, parts.size()).forEach(this::say);
        allocator.expectNoMessage(QUIET);
        say(parts.get(0));

        List<AllocatorMessage.RunningTask> running = new ArrayList<>();
        AllocatorMessage.Admit admit = asked(AllocatorMessage.Admit.class);
        running.addAll(admit.running());
        for (int part = 1; part < admit.parts(); part++) {
            running.addAll(asked(AllocatorMessage.Admit.class).running());
        }
        assertThat(running).hasSize(5000).doesNotHaveDuplicates();
        List<SessionReply.HeldTasks> held =
                List.of(new SessionReply.HeldTasks(OTHER, List.of(TaskId.of("task-5"), TaskId.of("unheard-of"))));
        admit.replyTo().tell(new SessionReply.Admitted(admit.ask(), 1, AgentTerms.NONE, held, List.of()));

        List<TaskKey> listed = new ArrayList<>();
        List<TaskId> heldOfOther = new ArrayList<>();
        while (listed.size() < 5000) {
            Said said = frameworks.receiveMessage(LIMIT);
            AgentReport.AgentBack back = (AgentReport.AgentBack) said.report();
            back.listed().forEach(task -> {
                assertThat(back.span().contains(task.task())).isTrue();
                listed.add(TaskKey.of(said.framework(), task.task()));
            });
            if (said.framework().equals(OTHER)) {
                heldOfOther.addAll(back.held());
            }
            session.tell(new SessionOrder.Heard(said.framework(), 1, back.span().number(), false));
        }
        assertThat(listed).doesNotHaveDuplicates();
        assertThat(heldOfOther).containsExactlyInAnyOrder(TaskId.of("task-5"), TaskId.of("unheard-of"));
        frameworks.expectNoMessage(SETTINGS.repeat().multipliedBy(2));
    }

    @Test
    void asksUnderOneNameUntilItIsAnsweredAndTakesTheLargerOfTwoAnswers() {
        register("try-1", 0, List.of());
        AllocatorMessage.Admit first = asked(AllocatorMessage.Admit.class);
        AllocatorMessage.Admit repeated = asked(AllocatorMessage.Admit.class);
        register("try-2", 0, List.of());
        AllocatorMessage.Admit afterAnotherTry = asked(AllocatorMessage.Admit.class);
        assertThat(List.of(repeated.ask(), afterAnotherTry.ask())).containsOnly(first.ask());

        first.replyTo().tell(admitted(first, 5));
        assertThat(told(MasterToAgent.Registered.class).session()).isEqualTo(5);
        first.replyTo().tell(admitted(first, 6));
        assertThat(told(MasterToAgent.Registered.class).session()).isEqualTo(6);
        first.replyTo().tell(admitted(first, 5));
        say(new AgentToMaster.Heartbeat(6));
        assertThat(told(MasterToAgent.HeartbeatAnswer.class).session()).isEqualTo(6);
    }

    @Test
    void anOutdatedSessionHasItsAgentRegisterAnew() {
        admit(List.of());
        session.tell(new WakeSession(AGENT, 9, AgentTerms.NONE, List.of()));
        assertThat(told(MasterToAgent.RegisterAgain.class)).isNotNull();
        register("try-2", 1, List.of());
        assertThat(asked(AllocatorMessage.Admit.class).lastSession()).isEqualTo(9);
    }

    @Test
    void twoFrameworksTasksOfOneIdAreTwoTasks() {
        admit(List.of());
        session.tell(work(FRAMEWORK, List.of(task(FRAMEWORK, "t")), List.of()));
        session.tell(work(OTHER, List.of(task(OTHER, "t")), List.of()));
        assertThat(told(MasterToAgent.Launch.class).tasks()).containsExactly(task(FRAMEWORK, "t"));
        assertThat(told(MasterToAgent.Launch.class).tasks()).containsExactly(task(OTHER, "t"));

        say(new AgentToMaster.Received(1, List.of(TaskKey.of(OTHER, TaskId.of("t"))), List.of()));

        assertThat(heard(OTHER, AgentReport.Received.class).launched()).containsExactly(TaskId.of("t"));
        assertThat(told(MasterToAgent.Launch.class).tasks()).containsExactly(task(FRAMEWORK, "t"));
    }

    @Test
    void aDrainedAgentsTasksAreKilledWithinTheGraceAndNothingIsLaunched() {
        admit(List.of(
                new KnownTask(task(FRAMEWORK, "t"), TaskState.RUNNING),
                new KnownTask(task(FRAMEWORK, "done"), TaskState.FINISHED)));
        AgentTerms terms = new AgentTerms(
                Optional.of(new AgentTerms.Drain(Optional.of(Duration.ofSeconds(7)), true)), Optional.empty());
        session.tell(new WakeSession(AGENT, 1, terms, List.of()));

        TaskKey key = TaskKey.of(FRAMEWORK, TaskId.of("t"));
        MasterToAgent.KillTask kill =
                new MasterToAgent.KillTask(key, Optional.empty(), Optional.of(Duration.ofSeconds(7)));
        assertThat(told(MasterToAgent.Kill.class).tasks()).containsExactly(kill);
        assertThat(told(MasterToAgent.Kill.class).tasks())
                .as("until it is confirmed")
                .containsExactly(kill);
        assertThat(asked(AllocatorMessage.TermsHeard.class).terms()).isEqualTo(terms);
        say(new AgentToMaster.Received(1, List.of(), List.of(key)));

        session.tell(work(FRAMEWORK, List.of(task(FRAMEWORK, "late")), List.of()));
        AgentReport.Dropped dropped = heard(FRAMEWORK, AgentReport.Dropped.class);
        assertThat(dropped.tasks()).containsExactly(TaskId.of("late"));
        assertThat(dropped.reason()).isEqualTo("AGENT_DRAINING");
        say(new AgentToMaster.Updates(1, List.of(status("t", TaskState.KILLED), status("done", TaskState.FINISHED))));
        List<TaskStatus> updates = heard(FRAMEWORK, AgentReport.Updates.class).updates();
        assertThat(updates.get(0).state()).isEqualTo(TaskState.GONE_BY_OPERATOR);
        assertThat(updates.get(0).reason()).contains("AGENT_DRAINING");
        assertThat(updates.get(0).uuid()).contains("u-t");
        assertThat(updates.get(1)).isEqualTo(status("done", TaskState.FINISHED));
        agent.expectNoMessage(QUIET);
    }

    @Test
    void destroyedVolumesAreToldBeforeLaunchesUntilTheAgentHasEmptiedThem() {
        PersistentVolume volume = new PersistentVolume("db", "v1", Optional.empty());
        admit(List.of());
        AgentTerms terms = new AgentTerms(Optional.empty(), Optional.empty(), List.of(volume));
        session.tell(new WakeSession(AGENT, 1, terms, List.of()));
        session.tell(work(FRAMEWORK, List.of(task(FRAMEWORK, "t")), List.of()));

        assertThat(told(MasterToAgent.DestroyVolumes.class).volumes()).containsExactly(volume);
        assertThat(told(MasterToAgent.Launch.class).tasks()).containsExactly(task(FRAMEWORK, "t"));
        assertThat(told(MasterToAgent.DestroyVolumes.class).volumes())
                .as("until it is confirmed")
                .containsExactly(volume);
        say(new AgentToMaster.VolumesDestroyed(1, List.of(volume)));
        assertThat(asked(AllocatorMessage.TermsHeard.class).terms()).isEqualTo(terms);
    }

    @Test
    void everybodyHearsOfARemovalAndTheAgentIsToldToEnd() {
        admit(List.of(new KnownTask(task(FRAMEWORK, "t"), TaskState.RUNNING)));
        session.tell(new SessionOrder.Heard(FRAMEWORK, 1, 0, false));
        AgentTerms terms = new AgentTerms(Optional.empty(), Optional.of("marked gone"));
        WakeSession wake = new WakeSession(
                AGENT, 1, terms, List.of(new SessionReply.HeldTasks(OTHER, List.of(TaskId.of("held")))));
        session.tell(wake);
        session.tell(wake);

        assertThat(told(MasterToAgent.Shutdown.class).reason()).isEqualTo("marked gone");
        assertThat(heard(FRAMEWORK, AgentReport.AgentGone.class).removed()).isTrue();
        assertThat(heard(OTHER, AgentReport.AgentGone.class).removed()).isTrue();
        session.tell(new SessionOrder.Heard(FRAMEWORK, 1, 0, true));
        allocator.expectNoMessage(QUIET);
        assertThat(heard(OTHER, AgentReport.AgentGone.class).session())
                .as("until it has heard")
                .isEqualTo(1);
        session.tell(new SessionOrder.Heard(OTHER, 1, 0, true));
        assertThat(asked(AllocatorMessage.TermsHeard.class).terms()).isEqualTo(terms);

        say(new AgentToMaster.Heartbeat(1));
        assertThat(told(MasterToAgent.Shutdown.class).reason()).isEqualTo("marked gone");
        session.tell(work(FRAMEWORK, List.of(task(FRAMEWORK, "late")), List.of()));
        assertThat(heard(FRAMEWORK, AgentReport.Dropped.class).tasks()).containsExactly(TaskId.of("late"));
        register("try-2", 1, List.of());
        AllocatorMessage.Admit admit = asked(AllocatorMessage.Admit.class);
        admit.replyTo().tell(new SessionReply.AdmitRefused(admit.ask(), "marked gone", true));
        assertThat(told(MasterToAgent.Shutdown.class).reason()).isEqualTo("marked gone");
    }

    @Test
    void aSessionThatHasNeverHeardItsAgentMissesItWithTheNumberItWasWokenWith() {
        AgentSettings hasty = new AgentSettings(
                Duration.ofMillis(50),
                Duration.ofMillis(100),
                Duration.ofMillis(200),
                Duration.ofMillis(300),
                Duration.ofMillis(150),
                10);
        session = kit.spawn(AgentSession.create(
                AGENT,
                new AgentSession.Collaborators(
                        hasty,
                        Clock.systemUTC(),
                        message -> allocator.getRef().tell(message),
                        (framework, report) -> frameworks.getRef().tell(new Said(framework, report)))));
        session.tell(new WakeSession(AGENT, 7, AgentTerms.NONE, List.of()));
        AllocatorMessage.MarkUnreachable asked = asked(AllocatorMessage.MarkUnreachable.class);
        assertThat(asked.session()).isEqualTo(7);
        assertThat(asked(AllocatorMessage.MarkUnreachable.class).session())
                .as("until it is answered")
                .isEqualTo(7);
        asked.replyTo()
                .tell(new SessionReply.MarkedUnreachable(
                        7, List.of(new SessionReply.HeldTasks(FRAMEWORK, List.of(TaskId.of("t"))))));
        assertThat(heard(FRAMEWORK, AgentReport.AgentGone.class).removed()).isFalse();
    }

    private void admit(List<KnownTask> tasks) {
        register("try-1", 0, tasks);
        AllocatorMessage.Admit admit = asked(AllocatorMessage.Admit.class);
        admit.replyTo().tell(admitted(admit, 1));
        assertThat(told(MasterToAgent.Registered.class).session()).isEqualTo(1);
    }

    private static SessionReply.Admitted admitted(AllocatorMessage.Admit admit, long number) {
        return new SessionReply.Admitted(admit.ask(), number, AgentTerms.NONE, List.of(), List.of());
    }

    private void register(String attempt, long lastSession, List<KnownTask> tasks) {
        AgentToMaster.Register.of(INFO, attempt, lastSession, tasks).forEach(this::say);
    }

    private void say(AgentToMaster message) {
        session.tell(new AgentEnvelope(AGENT, message, agent.getRef()));
    }

    /** The next message of that kind to the allocator; others in between do not matter. */
    private <M extends AllocatorMessage> M asked(Class<M> kind) {
        return next(allocator, kind);
    }

    private <M extends MasterToAgent> M told(Class<M> kind) {
        return next(agent, kind);
    }

    private <R extends AgentReport> R heard(FrameworkId framework, Class<R> kind) {
        Said said = frameworks.receiveMessage(LIMIT);
        while (!said.framework().equals(framework) || !kind.isInstance(said.report())) {
            said = frameworks.receiveMessage(LIMIT);
        }
        return kind.cast(said.report());
    }

    private static <M, K extends M> K next(TestProbe<M> probe, Class<K> kind) {
        M message = probe.receiveMessage(LIMIT);
        while (!kind.isInstance(message)) {
            message = probe.receiveMessage(LIMIT);
        }
        return kind.cast(message);
    }

    private static SessionOrder.Work work(
            FrameworkId framework, List<TaskInfo> launches, List<MasterToAgent.KillTask> kills) {
        return new SessionOrder.Work(framework, launches, kills, List.of());
    }

    private static TaskInfo task(FrameworkId framework, String id) {
        return new TaskInfo(
                TaskId.of(id),
                id,
                framework,
                AGENT,
                Resources.of(0.1, 10, 0),
                CommandInfo.shell("sleep 600", Map.of("A", "b".repeat(200))),
                Optional.empty(),
                Map.of());
    }

    private static TaskStatus status(String task, TaskState state) {
        return new TaskStatus(
                TaskId.of(task),
                FRAMEWORK,
                AGENT,
                state,
                TaskStatus.Source.EXECUTOR,
                Optional.of("u-" + task),
                Instant.EPOCH,
                Optional.empty(),
                Optional.of("Command terminated with signal Terminated"),
                Optional.empty(),
                Optional.empty());
    }
}
