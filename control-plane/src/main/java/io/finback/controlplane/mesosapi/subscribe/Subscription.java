package io.finback.controlplane.mesosapi.subscribe;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.finback.controlplane.framework.CallAnswer;
import io.finback.controlplane.framework.Caller;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.framework.FrameworkMessage;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.framework.SchedulerEvent;
import io.finback.mesos.v1.Encoding;
import io.finback.resources.FrameworkId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.mesos.v1.Protos.MasterInfo;
import org.apache.mesos.v1.scheduler.Protos.Event;

/**
 * One subscriber's stream: writes what the framework's entity tells, and heartbeats. There is one per open stream, on the master that
 * got the SUBSCRIBE. It ends with its connection, and the entity, which watches it, knows at once. With each heartbeat it makes a call
 * without effect, so that a stream whose subscription has been lost (by a master, or a partition) is closed and its client comes back.
 *
 * <p>Its messages are {@link SchedulerEvent}s, {@link CallAnswer}s and its own, therefore {@code Object}.
 */
final class Subscription extends AbstractBehavior<Object> {
    private static final Duration REPEAT = Duration.ofSeconds(1);

    /** The client is gone, or nobody waits for the stream any more. */
    record ConnectionGone(String why) {}

    /** The master ends. */
    enum End {
        INSTANCE
    }

    private enum Beat {
        INSTANCE
    }

    private enum Again {
        INSTANCE
    }

    /** Who subscribes to what. */
    record Subscriber(
            FrameworkId framework,
            SchedulerCall.Subscribe call,
            String streamId,
            Encoding encoding,
            RecipientRef<FrameworkMessage> entity) {}

    private final Subscriber who;
    private final EventBuffer out;
    private final Duration heartbeat;
    private final Supplier<MasterInfo> master;
    private final TimerScheduler<Object> timers;
    private FrameworkInfo info;
    private boolean subscribed;

    static Behavior<Object> create(Subscriber who, EventBuffer out, Duration heartbeat, Supplier<MasterInfo> master) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new Subscription(context, timers, who, out, heartbeat, master)));
    }

    private Subscription(
            ActorContext<Object> context,
            TimerScheduler<Object> timers,
            Subscriber who,
            EventBuffer out,
            Duration heartbeat,
            Supplier<MasterInfo> master) {
        super(context);
        this.who = who;
        this.out = out;
        this.heartbeat = heartbeat;
        this.master = master;
        this.timers = timers;
        this.info = who.call().info();
        subscribe();
        timers.startTimerWithFixedDelay(Again.INSTANCE, Again.INSTANCE, REPEAT);
    }

    @Override
    public Receive<Object> createReceive() {
        return newReceiveBuilder()
                .onMessage(SchedulerEvent.Subscribed.class, this::onSubscribed)
                .onMessage(SchedulerEvent.Offers.class, event -> write(EventMessages.offers(event, info)))
                .onMessage(SchedulerEvent.Rescind.class, event -> write(EventMessages.rescind(event)))
                .onMessage(SchedulerEvent.Update.class, event -> write(EventMessages.update(event)))
                .onMessage(SchedulerEvent.TaskRejected.class, event -> write(EventMessages.rejected(event)))
                .onMessage(SchedulerEvent.InverseOffers.class, event -> write(EventMessages.inverseOffers(event)))
                .onMessage(SchedulerEvent.RescindInverse.class, event -> write(EventMessages.rescindInverse(event)))
                .onMessage(SchedulerEvent.OperationUpdate.class, event -> write(EventMessages.operation(event)))
                .onMessage(SchedulerEvent.InfoChanged.class, this::onInfoChanged)
                .onMessage(SchedulerEvent.AgentFailure.class, event -> write(EventMessages.failure(event)))
                .onMessage(SchedulerEvent.ExecutorFailure.class, event -> write(EventMessages.failure(event)))
                .onMessage(SchedulerEvent.ExecutorMessage.class, event -> write(EventMessages.message(event)))
                .onMessage(SchedulerEvent.Ended.class, event -> end(event.message()))
                .onMessage(SchedulerEvent.Disconnected.class, event -> end(event.reason()))
                .onMessage(CallAnswer.Refused.class, this::onRefused)
                .onMessage(CallAnswer.Done.class, done -> this)
                .onMessageEquals(Beat.INSTANCE, this::onBeat)
                .onMessageEquals(Again.INSTANCE, this::onAgain)
                .onMessageEquals(End.INSTANCE, this::onEnd)
                .onMessage(ConnectionGone.class, this::onConnectionGone)
                .onSignal(PostStop.class, stopped -> {
                    out.complete();
                    return this;
                })
                .build();
    }

    private void subscribe() {
        SchedulerCall.Subscribe call = who.call();
        who.entity()
                .tell(new SchedulerCall.Subscribe(
                        call.info(),
                        call.suppressed(),
                        call.constraints(),
                        Optional.of(who.streamId()),
                        getContext().getSelf().narrow()));
    }

    private Behavior<Object> onSubscribed(SchedulerEvent.Subscribed event) {
        if (subscribed) {
            return this;
        }
        subscribed = true;
        timers.cancel(Again.INSTANCE);
        timers.startTimerWithFixedDelay(Beat.INSTANCE, Beat.INSTANCE, heartbeat);
        getContext()
                .getLog()
                .info("scheduler_api.subscribed frameworkId={} streamId={}", event.framework(), who.streamId());
        Behavior<Object> next = write(EventMessages.subscribed(event.framework(), heartbeat, master.get()));
        return next == this ? write(EventMessages.heartbeat()) : next;
    }

    private Behavior<Object> onAgain() {
        subscribe();
        return this;
    }

    private Behavior<Object> onBeat() {
        ActorRef<CallAnswer> self = getContext().getSelf().narrow();
        who.entity().tell(new SchedulerCall.ToNobody(Caller.of(who.streamId(), self), "STILL_SUBSCRIBED"));
        return write(EventMessages.heartbeat());
    }

    private Behavior<Object> onRefused(CallAnswer.Refused refused) {
        getContext()
                .getLog()
                .info(
                        "scheduler_api.subscription_lost frameworkId={} streamId={} reason={}",
                        who.framework(),
                        who.streamId(),
                        refused.message());
        return Behaviors.stopped();
    }

    private Behavior<Object> onInfoChanged(SchedulerEvent.InfoChanged changed) {
        info = changed.info();
        return this;
    }

    private Behavior<Object> onConnectionGone(ConnectionGone gone) {
        getContext()
                .getLog()
                .info(
                        "scheduler_api.disconnected frameworkId={} streamId={} reason={}",
                        who.framework(),
                        who.streamId(),
                        gone.why());
        return Behaviors.stopped();
    }

    private Behavior<Object> onEnd() {
        return Behaviors.stopped();
    }

    /** Mesos' last word on a stream. */
    private Behavior<Object> end(String message) {
        getContext()
                .getLog()
                .info(
                        "scheduler_api.ended frameworkId={} streamId={} reason={}",
                        who.framework(),
                        who.streamId(),
                        message);
        var unused = write(EventMessages.error(message));
        return Behaviors.stopped();
    }

    private Behavior<Object> write(Event event) {
        return write(List.of(event));
    }

    private Behavior<Object> write(List<Event> events) {
        for (Event event : events) {
            if (!out.offer(event, who.encoding())) {
                getContext()
                        .getLog()
                        .warn(
                                "scheduler_api.subscriber_too_slow frameworkId={} streamId={} bufferedEvents={} bufferedBytes={}",
                                who.framework(),
                                who.streamId(),
                                out.events(),
                                out.bytes());
                return Behaviors.stopped();
            }
        }
        return this;
    }
}
