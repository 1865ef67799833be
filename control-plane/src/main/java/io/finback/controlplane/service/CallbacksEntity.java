package io.finback.controlplane.service;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.actor.typed.pubsub.Topic;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.ReplyEffect;
import io.finback.controlplane.app.CallbackMessage;
import io.finback.controlplane.app.ServiceEvent;
import io.finback.controlplane.scheduler.CallbackBook;
import io.finback.controlplane.scheduler.CallbackEvent;
import io.finback.persistence.EntityDefaults;
import io.finback.persistence.OwningEntity;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;

/**
 * Owns the URLs that events are posted to, and posts: one in the cluster, so that no event comes twice. The URLs are journaled; the events
 * that wait are not, so a failover loses those, as any listener may lose some.
 */
final class CallbacksEntity extends OwningEntity<CallbackMessage, CallbackEvent, CallbackBook> {
    /** Posts one event. Completes with whether it was taken; never fails. */
    @FunctionalInterface
    interface Poster {
        CompletionStage<Boolean> post(String url, ServiceEvent event);
    }

    private record Happened(ServiceEvent event) implements CallbackMessage {}

    private record Posted(String url, ServiceEvent event, boolean taken) implements CallbackMessage {}

    private record Again(String url) implements CallbackMessage {}

    private static final int SNAPSHOT_EVERY = 200;

    private final ActorContext<CallbackMessage> context;
    private final TimerScheduler<CallbackMessage> timers;
    private final CallbackSettings settings;
    private final Poster poster;
    private final InstantSource clock;
    private final CallbackQueues queues;

    static Behavior<CallbackMessage> create(
            String entityId,
            CallbackSettings settings,
            Topics topics,
            Poster poster,
            LongAdder lost,
            InstantSource clock) {
        return EntityDefaults.supervised(Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            topics.events().tell(Topic.subscribe(context.messageAdapter(ServiceEvent.class, Happened::new)));
            return new CallbacksEntity(entityId, context, timers, settings, poster, lost, clock);
        })));
    }

    private CallbacksEntity(
            String entityId,
            ActorContext<CallbackMessage> context,
            TimerScheduler<CallbackMessage> timers,
            CallbackSettings settings,
            Poster poster,
            LongAdder lost,
            InstantSource clock) {
        super(
                CallbackMessage.KEY.name(),
                entityId,
                CallbackBook.EMPTY,
                (state, event) -> event.applyTo(state),
                EntityDefaults.snapshotEvery(SNAPSHOT_EVERY));
        this.context = context;
        this.timers = timers;
        this.settings = settings;
        this.poster = poster;
        this.clock = clock;
        this.queues = new CallbackQueues(settings, lost);
    }

    @Override
    public CommandHandlerWithReply<CallbackMessage, CallbackEvent, CallbackBook> commandHandler() {
        return newCommandHandlerWithReplyBuilder()
                .forAnyState()
                .onCommand(CallbackMessage.Subscribe.class, this::onSubscribe)
                .onCommand(CallbackMessage.Unsubscribe.class, this::onUnsubscribe)
                .onCommand(CallbackMessage.Read.class, (book, c) -> Effect().reply(c.replyTo(), answer(book, false)))
                .onCommand(CallbackMessage.Wake.class, (book, c) -> Effect().noReply())
                .onCommand(Happened.class, this::onHappened)
                .onCommand(Posted.class, this::onPosted)
                .onCommand(Again.class, (book, c) -> {
                    post(c.url());
                    return Effect().noReply();
                })
                .build();
    }

    private ReplyEffect<CallbackEvent, CallbackBook> onSubscribe(CallbackBook book, CallbackMessage.Subscribe c) {
        if (book.urls().contains(c.url())) {
            return Effect().reply(c.replyTo(), answer(book, false));
        }
        if (book.urls().size() >= settings.max()) {
            return Effect().reply(c.replyTo(), answer(book, true));
        }
        return Effect()
                .persist(new CallbackEvent.Subscribed(clock.instant(), c.url()))
                .thenRun((CallbackBook b) -> context.getLog()
                        .info("callbacks.subscribed count={}", b.urls().size()))
                .thenReply(c.replyTo(), b -> answer(b, false));
    }

    private ReplyEffect<CallbackEvent, CallbackBook> onUnsubscribe(CallbackBook book, CallbackMessage.Unsubscribe c) {
        if (!book.urls().contains(c.url())) {
            return Effect().reply(c.replyTo(), answer(book, false));
        }
        return Effect()
                .persist(new CallbackEvent.Unsubscribed(clock.instant(), c.url()))
                .thenRun((CallbackBook b) -> context.getLog()
                        .info("callbacks.unsubscribed count={}", b.urls().size()))
                .thenReply(c.replyTo(), b -> answer(b, false));
    }

    private ReplyEffect<CallbackEvent, CallbackBook> onHappened(CallbackBook book, Happened c) {
        queues.add(book.urls(), c.event());
        book.urls().forEach(this::post);
        return Effect().noReply();
    }

    private ReplyEffect<CallbackEvent, CallbackBook> onPosted(CallbackBook book, Posted c) {
        long before = queues.lost();
        Duration wait = queues.ended(c.url(), c.event(), c.taken(), clock.instant());
        if (queues.lost() > before) {
            context.getLog().warn("callbacks.event_lost attempts={} lost={}", settings.attempts(), queues.lost());
        }
        if (wait.isZero()) {
            post(c.url());
        } else {
            timers.startSingleTimer(c.url(), new Again(c.url()), wait);
        }
        return Effect().noReply();
    }

    private void post(String url) {
        queues.next(url, clock.instant())
                .ifPresent(event -> context.pipeToSelf(
                        poster.post(url, event), (taken, failure) -> new Posted(url, event, failure == null && taken)));
    }

    private static CallbackMessage.Answer answer(CallbackBook book, boolean full) {
        return new CallbackMessage.Answer(List.copyOf(book.urls()), full);
    }
}
