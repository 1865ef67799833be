package io.finback.controlplane.app;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.RetentionCriteria;
import io.finback.controlplane.scheduler.DrainBook;
import io.finback.controlplane.scheduler.DrainEvent;
import io.finback.persistence.EntityDefaults;
import java.util.List;
import java.util.Optional;

/**
 * Owns which hosts services shall leave: one in the cluster. Masters read it every few seconds; apps derive from it what moves. Journaled
 * before it is answered.
 */
public final class DrainsEntity extends EventSourcedBehaviorWithEnforcedReplies<DrainMessage, DrainEvent, DrainBook> {
    private static final int SNAPSHOT_EVERY = 200;

    private final ActorContext<DrainMessage> context;

    public static Behavior<DrainMessage> create(String entityId) {
        return EntityDefaults.supervised(Behaviors.setup(context -> new DrainsEntity(entityId, context)));
    }

    private DrainsEntity(String entityId, ActorContext<DrainMessage> context) {
        super(PersistenceId.of(DrainMessage.KEY.name(), entityId), EntityDefaults.onPersistFailure());
        this.context = context;
    }

    @Override
    public Optional<Integer> stashCapacity() {
        return Optional.of(AppEntity.STASH);
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(SNAPSHOT_EVERY, 2);
    }

    @Override
    public DrainBook emptyState() {
        return DrainBook.EMPTY;
    }

    @Override
    public CommandHandlerWithReply<DrainMessage, DrainEvent, DrainBook> commandHandler() {
        return newCommandHandlerWithReplyBuilder()
                .forAnyState()
                .onCommand(DrainMessage.Begin.class, this::onBegin)
                .onCommand(DrainMessage.End.class, this::onEnd)
                .onCommand(DrainMessage.Read.class, (book, c) -> Effect().reply(c.replyTo(), snapshot(book, false)))
                .build();
    }

    private ReplyEffect<DrainEvent, DrainBook> onBegin(DrainBook book, DrainMessage.Begin c) {
        DrainEvent event = new DrainEvent.Begun(c.drains());
        if (event.applyTo(book).hosts().size() > DrainBook.MAX_HOSTS) {
            return Effect().reply(c.replyTo(), snapshot(book, true));
        }
        return Effect()
                .persist(event)
                .thenRun((DrainBook b) -> context.getLog()
                        .info(
                                "drains.begun hosts={}",
                                c.drains().stream().map(DrainBook.Drain::host).toList()))
                .thenReply(c.replyTo(), b -> snapshot(b, false));
    }

    private ReplyEffect<DrainEvent, DrainBook> onEnd(DrainBook book, DrainMessage.End c) {
        List<String> known =
                c.hosts().stream().filter(book.hosts()::containsKey).toList();
        if (known.isEmpty()) {
            return Effect().reply(c.replyTo(), snapshot(book, false));
        }
        return Effect()
                .persist(new DrainEvent.Ended(known))
                .thenRun((DrainBook b) -> context.getLog().info("drains.ended hosts={}", known))
                .thenReply(c.replyTo(), b -> snapshot(b, false));
    }

    private DrainsSnapshot snapshot(DrainBook book, boolean full) {
        return new DrainsSnapshot(lastSequenceNumber(context), book, full);
    }

    @Override
    public EventHandler<DrainBook, DrainEvent> eventHandler() {
        return (book, event) -> event.applyTo(book);
    }
}
