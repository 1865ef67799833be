package io.finback.nodeagent.node;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.finback.nodeagent.testing.Tasks;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskState;
import io.finback.tasks.TaskStatus;
import io.finback.wire.AgentInfo;
import io.finback.wire.AgentToMaster;
import io.finback.wire.AgentToMaster.KnownTask;
import io.finback.wire.MasterToAgent;
import io.finback.wire.MasterToAgent.KillTask;
import io.finback.wire.MasterToAgent.UpdateId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The agent's half of the conversation against a session that says whatever a session may ever say. */
class ConversationActorTest {
    private static final Duration BEAT = Duration.ofMillis(100);
    private static final Duration QUIET = Duration.ofMillis(150);
    private static final AgentInfo INFO =
            new AgentInfo(Tasks.AGENT, "whale-1", 5051, Resources.of(1, 64, 0), Map.of(), "test");
    private static final ConversationSettings SETTINGS = new ConversationSettings(
            Duration.ofMillis(200),
            Duration.ofMillis(400),
            Duration.ofMillis(1500),
            Duration.ofMillis(300),
            Duration.ofSeconds(60));

    private static ActorTestKit kit;

    private Registration registration;
    private TestProbe<AgentToMaster> session;
    private TestProbe<TasksActor.Command> tasks;
    private ActorRef<ConversationActor.Command> conversation;

    @BeforeAll
    static void open() {
        kit = ActorTestKit.create();
    }

    @AfterAll
    static void close() {
        kit.shutdownTestKit();
    }

    @BeforeEach
    void converse() {
        registration = new Registration();
        session = kit.createTestProbe();
        tasks = kit.createTestProbe();
        Peers peers = new Peers();
        peers.tasks(tasks.getRef());
        conversation = kit.spawn(ConversationActor.create(INFO, SETTINGS, peers, registration));
        conversation.tell(new ConversationActor.LinkUp(session.getRef()));
    }

    @Test
    void registersWithAllItKnowsUntilItIsAnswered() {
        KnownTask known = new KnownTask(Tasks.shell("t", "true"), TaskState.RUNNING);
        answerDescribe(List.of(known));
        assertThat(session.expectMessageClass(AgentToMaster.Register.class).tasks())
                .containsExactly(known);
        answerDescribe(List.of(known));
        AgentToMaster.Register again = session.expectMessageClass(AgentToMaster.Register.class);
        assertThat(again.info()).isEqualTo(INFO);
        assertThat(registration.isRegistered()).isFalse();

        say(new MasterToAgent.Registered(7, BEAT));

        assertThat(next(AgentToMaster.Heartbeat.class).session()).isEqualTo(7);
        assertThat(registration.isRegistered()).isTrue();
        assertThat(registration.first().toCompletableFuture()).isCompleted();
    }

    @Test
    void ignoresGhosts() {
        register(7);
        say(new MasterToAgent.Launch(6, List.of(Tasks.shell("ghost", "true"))));
        say(new MasterToAgent.Kill(8, List.of(new KillTask(Tasks.key("ghost"), Optional.empty()))));
        say(new MasterToAgent.Registered(6, BEAT));
        say(new MasterToAgent.Launch(7, List.of(Tasks.shell("real", "true"))));

        TasksActor.Launch launch = work(TasksActor.Launch.class);
        assertThat(launch.tasks()).singleElement().satisfies(task -> assertThat(task.id())
                .isEqualTo(TaskId.of("real")));
        conversation.tell(new ConversationActor.Confirm(List.of(Tasks.key("real")), List.of()));
        AgentToMaster.Received received = next(AgentToMaster.Received.class);
        assertThat(received.session()).isEqualTo(7);
        assertThat(received.launched()).containsExactly(Tasks.key("real"));
    }

    @Test
    void repeatsAnUpdateUntilItIsAcknowledgedAndThenSaysTheNext() {
        register(7);
        TaskStatus first = status("t", "u1", TaskState.RUNNING);
        TaskStatus second = status("t", "u2", TaskState.FINISHED);
        conversation.tell(new ConversationActor.NewUpdate(first));
        conversation.tell(new ConversationActor.NewUpdate(first));
        conversation.tell(new ConversationActor.NewUpdate(second));

        assertThat(next(AgentToMaster.Updates.class).updates()).containsExactly(first);
        assertThat(next(AgentToMaster.Updates.class).updates()).containsExactly(first);
        acknowledge(7, "t", "u2");
        acknowledge(6, "t", "u1");
        assertThat(next(AgentToMaster.Updates.class).updates()).containsExactly(first);
        acknowledge(7, "t", "u1");
        assertThat(next(AgentToMaster.Updates.class).updates()).containsExactly(second);
    }

    @Test
    void saysEverythingAgainAtOnceInANewSession() {
        register(7);
        TaskStatus update = status("t", "u1", TaskState.RUNNING);
        conversation.tell(new ConversationActor.NewUpdate(update));
        assertThat(next(AgentToMaster.Updates.class).session()).isEqualTo(7);

        say(new MasterToAgent.RegisterAgain());
        describe();
        assertThat(next(AgentToMaster.Register.class).info()).isEqualTo(INFO);
        say(new MasterToAgent.Registered(8, BEAT));

        AgentToMaster.Updates again = next(AgentToMaster.Updates.class);
        assertThat(again.session()).isEqualTo(8);
        assertThat(again.updates()).containsExactly(update);
    }

    @Test
    void registersAgainWhenTheMastersFallSilent() {
        register(7);
        // Heartbeats go unanswered.
        describe();
        assertThat(next(AgentToMaster.Register.class).info()).isEqualTo(INFO);
        assertThat(registration.isRegistered()).isFalse();
    }

    @Test
    void staysWhileHeartbeatsAreAnswered() {
        register(7);
        for (int i = 0; i < 20; i++) {
            assertThat(next(AgentToMaster.Heartbeat.class).session()).isEqualTo(7);
            say(new MasterToAgent.HeartbeatAnswer(7));
        }
        assertThat(registration.isRegistered()).isTrue();
    }

    @Test
    void triesAgainAfterARefusal() {
        register(7);
        say(new MasterToAgent.Refused("not today"));
        describe();
        assertThat(next(AgentToMaster.Register.class).info()).isEqualTo(INFO);
    }

    @Test
    void saysNothingMoreOnceItIsRemoved() {
        register(7);
        say(new MasterToAgent.Shutdown("gone"));
        say(new MasterToAgent.Shutdown("gone"));
        assertThat(registration.removal().toCompletableFuture()).succeedsWithin(Duration.ofSeconds(10));
        say(new MasterToAgent.Registered(8, BEAT));
        say(new MasterToAgent.RegisterAgain());
        TestProbe<AgentToMaster> other = kit.createTestProbe();
        conversation.tell(new ConversationActor.LinkUp(other.getRef()));
        other.expectNoMessage(QUIET);
        assertThat(registration.isRegistered()).isFalse();
    }

    @Test
    void registersOnANewLink() {
        register(7);
        TestProbe<AgentToMaster> other = kit.createTestProbe();
        conversation.tell(new ConversationActor.LinkUp(other.getRef()));
        describe();
        assertThat(other.expectMessageClass(AgentToMaster.Register.class).info())
                .isEqualTo(INFO);
    }

    @Test
    void saysGoodbye() {
        register(7);
        TestProbe<Done> left = kit.createTestProbe();
        conversation.tell(new ConversationActor.Leave(left.getRef()));
        assertThat(next(AgentToMaster.Leaving.class).session()).isEqualTo(7);
        left.expectMessage(Done.getInstance());
    }

    @Test
    void saysNothingOfTasksBeforeItIsRegistered() {
        conversation.tell(new ConversationActor.NewUpdate(status("t", "u1", TaskState.RUNNING)));
        session.expectNoMessage(QUIET);
    }

    private void register(long number) {
        describe();
        assertThat(next(AgentToMaster.Register.class).info()).isEqualTo(INFO);
        say(new MasterToAgent.Registered(number, BEAT));
    }

    private void describe() {
        work(TasksActor.Describe.class).replyTo().tell(new ConversationActor.Known(List.of(), List.of()));
    }

    private void answerDescribe(List<KnownTask> known) {
        work(TasksActor.Describe.class).replyTo().tell(new ConversationActor.Known(known, List.of()));
    }

    private void acknowledge(long number, String task, String uuid) {
        say(new MasterToAgent.Acknowledge(number, List.of(new UpdateId(Tasks.key(task), uuid))));
    }

    private void say(MasterToAgent message) {
        conversation.tell(new ConversationActor.FromMaster(message));
    }

    /** The next message of that kind; others in between do not matter. */
    private <T extends AgentToMaster> T next(Class<T> kind) {
        AgentToMaster message = session.receiveMessage(Duration.ofSeconds(10));
        while (!kind.isInstance(message)) {
            message = session.receiveMessage(Duration.ofSeconds(10));
        }
        return kind.cast(message);
    }

    private <T extends TasksActor.Command> T work(Class<T> kind) {
        TasksActor.Command message = tasks.receiveMessage(Duration.ofSeconds(10));
        while (!kind.isInstance(message)) {
            message = tasks.receiveMessage(Duration.ofSeconds(10));
        }
        return kind.cast(message);
    }

    private static TaskStatus status(String task, String uuid, TaskState state) {
        return new TaskStatus(
                TaskId.of(task),
                Tasks.FRAMEWORK,
                Tasks.AGENT,
                state,
                TaskStatus.Source.EXECUTOR,
                Optional.of(uuid),
                Instant.EPOCH,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }
}
