package io.finback.nodeagent.node;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.finback.nodeagent.task.SessionFence;
import io.finback.nodeagent.task.UpdateStreams;
import io.finback.resources.FrameworkId;
import io.finback.resources.PersistentVolume;
import io.finback.resources.Resources;
import io.finback.resources.TaskKey;
import io.finback.tasks.Bytes;
import io.finback.tasks.TaskStatus;
import io.finback.wire.AgentInfo;
import io.finback.wire.AgentToMaster;
import io.finback.wire.AgentToMaster.KnownTask;
import io.finback.wire.MasterToAgent;
import io.finback.wire.Parts;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

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
    record Confirm(List<TaskKey> launched, List<TaskKey> killed) implements Command {}

    /** An update is on disk. */
    record NewUpdate(TaskStatus update) implements Command {}

    /** Nothing is in these any more. */
    record VolumesDestroyed(List<PersistentVolume> volumes) implements Command {}

    /** Words of an executor; said if there is a session, and else lost. */
    record ExecutorSays(FrameworkId framework, String executor, Bytes data) implements Command {}

    /** The answer to {@link TasksActor.Describe}. */
    record Known(List<KnownTask> tasks, List<TaskStatus> updates) implements Command {}

    /** What may be lent of this agent has changed: all of it, revocable. */
    record Lend(Resources revocable) implements Command {}

    /** The agent stops; answered at once. */
    public record Leave(ActorRef<Done> replyTo) implements Command {}

    private enum Due implements Command {
        BEAT,
        REGISTER,
        RESEND
    }

    private static final Duration RESEND_LOOK = Duration.ofMillis(250);
    private static final int BATCH = 100;

    private final AgentInfo info;
    private final ConversationSettings settings;
    private final Peers peers;
    private final Registration registration;
    private final TimerScheduler<Command> timers;
    private final UpdateStreams streams;
    private final SessionFence session = new SessionFence();
    private Resources lent = Resources.EMPTY;

    public static Behavior<Command> create(
            AgentInfo info, ConversationSettings settings, Peers peers, Registration registration) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers ->
                new ConversationActor(context, timers, info, settings, peers, registration).registerAgain("start")));
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
        timers.startTimerWithFixedDelay(Due.RESEND, RESEND_LOOK);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(LinkUp.class, this::onLinkUp)
                .onMessage(FromMaster.class, this::onFromMaster)
                .onMessage(Confirm.class, this::onConfirm)
                .onMessage(NewUpdate.class, this::onNewUpdate)
                .onMessage(ExecutorSays.class, this::onExecutorSays)
                .onMessage(VolumesDestroyed.class, this::onVolumesDestroyed)
                .onMessage(Known.class, this::onKnown)
                .onMessage(Lend.class, this::onLend)
                .onMessageEquals(Due.BEAT, this::onBeat)
                .onMessageEquals(Due.REGISTER, this::onRegisterDue)
                .onMessageEquals(Due.RESEND, this::said)
                .onMessage(Leave.class, this::onLeave)
                .build();
    }

    private Behavior<Command> onLinkUp(LinkUp up) {
        peers.link(up.link());
        return registerAgain("new_link");
    }

    private Behavior<Command> onFromMaster(FromMaster from) {
        MasterToAgent message = from.message();
        if (message instanceof MasterToAgent.Registered registered) {
            return onRegistered(registered);
        }
        if (message instanceof MasterToAgent.RegisterAgain) {
            return session.current().isPresent() ? registerAgain("master_asks") : this;
        }
        if (message instanceof MasterToAgent.Shutdown shutdown) {
            return onShutdown(shutdown);
        }
        if (message instanceof MasterToAgent.Refused refused) {
            return onRefused(refused);
        }
        // What carries a session number counts only in that session; a master that resends finds us in the next one.
        if (message instanceof MasterToAgent.HeartbeatAnswer answer) {
            return inSession(answer.session(), () -> {});
        }
        if (message instanceof MasterToAgent.Launch launch) {
            return inSession(
                    launch.session(), () -> peers.tell(new TasksActor.Launch(launch.tasks(), launch.traces())));
        }
        if (message instanceof MasterToAgent.Kill kill) {
            return inSession(kill.session(), () -> peers.tell(new TasksActor.Kill(kill.tasks())));
        }
        if (message instanceof MasterToAgent.Acknowledge acknowledge) {
            return inSession(acknowledge.session(), () -> onAcknowledge(acknowledge));
        }
        if (message instanceof MasterToAgent.FrameworkMessage words) {
            return inSession(
                    words.session(),
                    () -> peers.tell(new TasksActor.FromFramework(words.framework(), words.executor(), words.data())));
        }
        if (message instanceof MasterToAgent.DestroyVolumes order) {
            return inSession(order.session(), () -> peers.tell(new TasksActor.DestroyVolumes(order.volumes())));
        }
        throw new IllegalStateException("no rule for " + message);
    }

    private Behavior<Command> inSession(long number, Runnable rule) {
        if (session.hear(number, System.nanoTime())) {
            rule.run();
            return said();
        }
        getContext().getLog().debug("agent.stale_message session={} ours={}", number, session.current());
        return this;
    }

    private Behavior<Command> onRegistered(MasterToAgent.Registered registered) {
        if (registration.isRemoved() || !session.admit(registered.session(), System.nanoTime())) {
            return this;
        }
        getContext().getLog().info("agent.registered agentId={} session={}", info.id(), registered.session());
        timers.cancel(Due.REGISTER);
        timers.startTimerWithFixedDelay(Due.BEAT, registered.heartbeat());
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
        if (!registration.isRemoved()) {
            leaveSession();
            timers.startTimerWithFixedDelay(Due.REGISTER, settings.retryRefused(), settings.registerEvery());
        }
        return this;
    }

    /** From here on nothing is said any more; the owner of the node ends the tasks, and the node. */
    private Behavior<Command> onShutdown(MasterToAgent.Shutdown shutdown) {
        if (!registration.isRemoved()) {
            getContext().getLog().error("agent.removed agentId={} reason={}", info.id(), shutdown.reason());
            leaveSession();
            timers.cancel(Due.REGISTER);
            registration.removed(shutdown.reason());
        }
        return this;
    }

    private void onAcknowledge(MasterToAgent.Acknowledge acknowledge) {
        acknowledge.updates().forEach(update -> {
            if (!streams.acknowledge(update.task(), update.uuid())) {
                getContext().getLog().debug("update.echo task={} uuid={}", update.task(), update.uuid());
            }
        });
        peers.tell(new TasksActor.Acknowledge(acknowledge.updates()));
    }

    private Behavior<Command> onConfirm(Confirm confirm) {
        session.current().ifPresent(number -> {
            Parts.of(confirm.launched())
                    .forEach(part -> peers.tell(new AgentToMaster.Received(number, part, List.of())));
            Parts.of(confirm.killed()).forEach(part -> peers.tell(new AgentToMaster.Received(number, List.of(), part)));
        });
        return this;
    }

    private Behavior<Command> onNewUpdate(NewUpdate added) {
        streams.add(added.update());
        return said();
    }

    private Behavior<Command> onExecutorSays(ExecutorSays words) {
        session.current()
                .ifPresent(number -> peers.tell(
                        new AgentToMaster.ExecutorMessage(number, words.framework(), words.executor(), words.data())));
        return this;
    }

    private Behavior<Command> onVolumesDestroyed(VolumesDestroyed destroyed) {
        session.current().ifPresent(number -> Parts.of(destroyed.volumes())
                .forEach(part -> peers.tell(new AgentToMaster.VolumesDestroyed(number, part))));
        return this;
    }

    private Behavior<Command> onKnown(Known known) {
        known.updates().forEach(streams::add);
        if (session.current().isEmpty() && !registration.isRemoved()) {
            AgentToMaster.Register.of(info.lending(lent), UUID.randomUUID().toString(), session.newest(), known.tasks())
                    .forEach(peers::tell);
        }
        return this;
    }

    /** The masters learn it as they learn everything of an agent: by its registration. */
    private Behavior<Command> onLend(Lend lend) {
        lent = lend.revocable();
        return session.current().isPresent() ? registerAgain("lending_changed") : this;
    }

    private Behavior<Command> onBeat() {
        if (session.silence(System.nanoTime()).compareTo(settings.silence()) > 0) {
            return registerAgain("masters_silent");
        }
        session.current().ifPresent(number -> peers.tell(new AgentToMaster.Heartbeat(number)));
        return this;
    }

    /** The list of tasks is made by their owner, so that it holds every launch that was handed over before. */
    private Behavior<Command> onRegisterDue() {
        if (peers.hasLink()) {
            peers.tell(new TasksActor.Describe(getContext().getSelf()));
        }
        return this;
    }

    private Behavior<Command> onLeave(Leave leave) {
        session.current().ifPresent(number -> peers.tell(new AgentToMaster.Leaving(number)));
        leaveSession();
        timers.cancel(Due.REGISTER);
        leave.replyTo().tell(Done.getInstance());
        return Behaviors.stopped();
    }

    private Behavior<Command> registerAgain(String reason) {
        if (registration.isRemoved()) {
            return this;
        }
        getContext().getLog().info("agent.register agentId={} reason={}", info.id(), reason);
        leaveSession();
        timers.startTimerWithFixedDelay(Due.REGISTER, Duration.ZERO, settings.registerEvery());
        return this;
    }

    private void leaveSession() {
        session.leave();
        timers.cancel(Due.BEAT);
        registration.lost();
    }

    /** Says every update that is due, in batches. */
    private Behavior<Command> said() {
        session.current().ifPresent(number -> {
            List<TaskStatus> due = streams.due(System.nanoTime(), BATCH);
            while (!due.isEmpty()) {
                Parts.of(due).forEach(part -> peers.tell(new AgentToMaster.Updates(number, part)));
                due = streams.due(System.nanoTime(), BATCH);
            }
        });
        return this;
    }
}
