package io.finback.nodeagent.node;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.finback.nodeagent.task.UpdateStreams;
import io.finback.resources.TaskId;
import io.finback.tasks.TaskStatus;
import io.finback.wire.AgentInfo;
import io.finback.wire.AgentToMaster;
import io.finback.wire.AgentToMaster.KnownTask;
import io.finback.wire.MasterToAgent;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The agent's half of the conversation with its session on the masters ({@link AgentToMaster} has the rules). One per agent node.
 * It owns who we are registered with and what is in flight; what is true of tasks is owned by {@link TasksActor}. A restart
 * registers anew and loses nothing: the updates are on disk and are said again.
 */
public final class ConversationActor extends AbstractBehavior<ConversationActor.Command> {
    public sealed interface Command {}

    /** A carrier to the masters is there; the last one replaces any before it. */
    public record LinkUp(ActorRef<AgentToMaster> link) implements Command {}

    public record FromMaster(MasterToAgent message) implements Command {}

    /** These are on disk. */
    record Confirm(List<TaskId> launched, List<TaskId> killed) implements Command {}

    /** An update is on disk. */
    record NewUpdate(TaskStatus update) implements Command {}

    /** The answer to {@link TasksActor.Describe}. */
    record Known(List<KnownTask> tasks, List<TaskStatus> updates) implements Command {}

    /** The agent stops; answered at once. */
    public record Leave(ActorRef<Done> replyTo) implements Command {}

    private enum Beat implements Command {
        INSTANCE
    }

    private enum RegisterDue implements Command {
        INSTANCE
    }

    private enum ResendDue implements Command {
        INSTANCE
    }

    /** What survives a restart of this actor. */
    public static final class Peers {
        private final AtomicReference<ActorRef<TasksActor.Command>> tasks = new AtomicReference<>();
        private final AtomicReference<ActorRef<AgentToMaster>> link = new AtomicReference<>();

        /** Must be called before the first message from a master can arrive. */
        public void tasks(ActorRef<TasksActor.Command> actor) {
            tasks.set(actor);
        }
    }

    private static final Duration RESEND_LOOK = Duration.ofMillis(250);
    /** A batch stays far below a frame of Artery (256 KiB). */
    private static final int BATCH = 100;

    private final AgentInfo info;
    private final ConversationSettings settings;
    private final Peers peers;
    private final Registration registration;
    private final TimerScheduler<Command> timers;
    private final UpdateStreams streams;

    private OptionalLong session = OptionalLong.empty();
    private long newestSession = Long.MIN_VALUE;
    private long lastHeardNanos = System.nanoTime();

    public static Behavior<Command> create(
            AgentInfo info, ConversationSettings settings, Peers peers, Registration registration) {
        return Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new ConversationActor(context, timers, info, settings, peers, registration)));
    }

    private ConversationActor(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            AgentInfo info,
            ConversationSettings settings,
            Peers peers,
            Registration registration) {
        super(context);
        this.info = info;
        this.settings = settings;
        this.peers = peers;
        this.registration = registration;
        this.timers = timers;
        this.streams = new UpdateStreams(settings.resendFirst(), settings.resendLongest());
        timers.startTimerWithFixedDelay(ResendDue.INSTANCE, RESEND_LOOK);
        registerAgain("start");
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(LinkUp.class, this::onLinkUp)
                .onMessage(FromMaster.class, this::onFromMaster)
                .onMessage(Confirm.class, this::onConfirm)
                .onMessage(NewUpdate.class, this::onNewUpdate)
                .onMessage(Known.class, this::onKnown)
                .onMessage(Beat.class, beat -> onBeat())
                .onMessage(RegisterDue.class, due -> onRegisterDue())
                .onMessage(ResendDue.class, due -> said())
                .onMessage(Leave.class, this::onLeave)
                .build();
    }

    private Behavior<Command> onLinkUp(LinkUp up) {
        peers.link.set(up.link());
        return registeringAgain("new_link");
    }

    private Behavior<Command> onFromMaster(FromMaster from) {
        MasterToAgent message = from.message();
        if (message instanceof MasterToAgent.Registered registered) {
            return onRegistered(registered);
        }
        if (message instanceof MasterToAgent.RegisterAgain) {
            return session.isPresent() ? registeringAgain("master_asks") : this;
        }
        if (message instanceof MasterToAgent.Refused refused) {
            return onRefused(refused);
        }
        return onSessionMessage(message);
    }

    /** What carries a session number counts only in that session; a master that resends finds us in the next one. */
    private Behavior<Command> onSessionMessage(MasterToAgent message) {
        if (message instanceof MasterToAgent.HeartbeatAnswer answer) {
            return inSession(answer.session(), () -> {});
        }
        if (message instanceof MasterToAgent.Launch launch) {
            return inSession(launch.session(), () -> tasks(new TasksActor.Launch(launch.tasks())));
        }
        if (message instanceof MasterToAgent.Kill kill) {
            return inSession(kill.session(), () -> tasks(new TasksActor.Kill(kill.tasks())));
        }
        if (message instanceof MasterToAgent.Acknowledge acknowledge) {
            return inSession(acknowledge.session(), () -> onAcknowledge(acknowledge));
        }
        throw new IllegalStateException("no rule for " + message);
    }

    private Behavior<Command> inSession(long number, Runnable rule) {
        if (session.isPresent() && session.getAsLong() == number) {
            lastHeardNanos = System.nanoTime();
            rule.run();
        } else {
            getContext().getLog().debug("agent.stale_message session={} ours={}", number, session);
        }
        return this;
    }

    private Behavior<Command> onRegistered(MasterToAgent.Registered registered) {
        if (registered.session() <= newestSession) {
            return this;
        }
        newestSession = registered.session();
        session = OptionalLong.of(registered.session());
        lastHeardNanos = System.nanoTime();
        getContext()
                .getLog()
                .info("agent.registered agentId={} session={} updates={}", info.id(), newestSession, streams.size());
        timers.cancel(RegisterDue.INSTANCE);
        timers.startTimerWithFixedDelay(Beat.INSTANCE, registered.heartbeat());
        streams.reset();
        registration.registered();
        return said();
    }

    private Behavior<Command> onRefused(MasterToAgent.Refused refused) {
        getContext()
                .getLog()
                .error(
                        "agent.refused agentId={} reason={} next=again_in_{}",
                        info.id(),
                        refused.reason(),
                        settings.retryRefused());
        leaveSession();
        timers.startTimerWithFixedDelay(RegisterDue.INSTANCE, settings.retryRefused(), settings.registerEvery());
        return this;
    }

    private void onAcknowledge(MasterToAgent.Acknowledge acknowledge) {
        acknowledge.updates().forEach(update -> {
            if (!streams.acknowledge(update.task(), update.uuid())) {
                getContext().getLog().debug("update.echo taskId={} uuid={}", update.task(), update.uuid());
            }
        });
        tasks(new TasksActor.Acknowledge(acknowledge.updates()));
        sayDue();
    }

    private Behavior<Command> onConfirm(Confirm confirm) {
        session.ifPresent(number -> send(new AgentToMaster.Received(number, confirm.launched(), confirm.killed())));
        return this;
    }

    private Behavior<Command> onNewUpdate(NewUpdate added) {
        streams.add(added.update());
        return said();
    }

    private Behavior<Command> onKnown(Known known) {
        known.updates().forEach(streams::add);
        if (session.isEmpty()) {
            send(new AgentToMaster.Register(info, known.tasks()));
        }
        return this;
    }

    private Behavior<Command> onBeat() {
        if (session.isEmpty()) {
            return this;
        }
        Duration silence = Duration.ofNanos(System.nanoTime() - lastHeardNanos);
        if (silence.compareTo(settings.silence()) > 0) {
            return registeringAgain("masters_silent");
        }
        send(new AgentToMaster.Heartbeat(session.getAsLong()));
        return this;
    }

    /** The list of tasks is made by their owner, so that it holds every launch that was handed over before. */
    private Behavior<Command> onRegisterDue() {
        if (peers.link.get() != null) {
            tasks(new TasksActor.Describe(getContext().getSelf()));
        }
        return this;
    }

    private Behavior<Command> onLeave(Leave leave) {
        session.ifPresent(number -> send(new AgentToMaster.Leaving(number)));
        leaveSession();
        timers.cancel(RegisterDue.INSTANCE);
        leave.replyTo().tell(Done.getInstance());
        return Behaviors.stopped();
    }

    private Behavior<Command> registeringAgain(String reason) {
        registerAgain(reason);
        return this;
    }

    private void registerAgain(String reason) {
        getContext().getLog().info("agent.register agentId={} reason={}", info.id(), reason);
        leaveSession();
        timers.startTimerWithFixedDelay(RegisterDue.INSTANCE, Duration.ZERO, settings.registerEvery());
    }

    private void leaveSession() {
        session = OptionalLong.empty();
        timers.cancel(Beat.INSTANCE);
        registration.lost();
    }

    private Behavior<Command> said() {
        sayDue();
        return this;
    }

    /** Says every update that is due, in batches. */
    private void sayDue() {
        if (session.isPresent()) {
            List<TaskStatus> due = streams.due(System.nanoTime(), BATCH);
            while (!due.isEmpty()) {
                send(new AgentToMaster.Updates(session.getAsLong(), due));
                due = streams.due(System.nanoTime(), BATCH);
            }
        }
    }

    private void tasks(TasksActor.Command command) {
        ActorRef<TasksActor.Command> actor = peers.tasks.get();
        if (actor != null) {
            actor.tell(command);
        }
    }

    private void send(AgentToMaster message) {
        ActorRef<AgentToMaster> link = peers.link.get();
        if (link != null) {
            link.tell(message);
        }
    }
}
