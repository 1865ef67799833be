package io.finback.controlplane.app;

import akka.actor.typed.Behavior;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.RetentionCriteria;
import io.finback.controlplane.scheduler.PortBook;
import io.finback.controlplane.scheduler.PortEvent;
import io.finback.persistence.EntityDefaults;
import java.util.List;
import java.util.Optional;

/**
 * Owns which app holds which service ports: one in the cluster, so that two apps created at the same time on two masters never get the
 * same port. Journaled before it is answered; apps ask again until they are.
 */
public final class PortsEntity extends EventSourcedBehaviorWithEnforcedReplies<PortsMessage, PortEvent, PortBook> {
    private static final int SNAPSHOT_EVERY = 500;

    public static Behavior<PortsMessage> create(String entityId) {
        return EntityDefaults.supervised(
                akka.actor.typed.javadsl.Behaviors.setup(context -> new PortsEntity(entityId)));
    }

    private PortsEntity(String entityId) {
        super(PersistenceId.of(PortsMessage.KEY.name(), entityId), EntityDefaults.onPersistFailure());
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
    public PortBook emptyState() {
        return PortBook.EMPTY;
    }

    @Override
    public CommandHandlerWithReply<PortsMessage, PortEvent, PortBook> commandHandler() {
        return newCommandHandlerWithReplyBuilder()
                .forAnyState()
                .onCommand(PortsMessage.Claim.class, this::onClaim)
                .onCommand(PortsMessage.Free.class, this::onFree)
                .build();
    }

    private ReplyEffect<PortEvent, PortBook> onClaim(PortBook book, PortsMessage.Claim c) {
        if (book.outdated(c.appId(), c.revision())) {
            return Effect().noReply();
        }
        Optional<List<Integer>> ports = book.assign(c.appId(), c.wanted());
        if (ports.isEmpty()) {
            return Effect().reply(c.replyTo(), new AppCommand.PortsGranted(c.version(), List.of()));
        }
        PortBook.Holding holding = new PortBook.Holding(c.revision(), ports.get());
        AppCommand granted = new AppCommand.PortsGranted(c.version(), ports.get());
        boolean held = holding.ports().equals(book.portsOf(c.appId()));
        return held
                ? Effect().reply(c.replyTo(), granted)
                : Effect().persist(new PortEvent.Held(c.appId(), holding)).thenReply(c.replyTo(), b -> granted);
    }

    private ReplyEffect<PortEvent, PortBook> onFree(PortBook book, PortsMessage.Free c) {
        AppCommand released = new AppCommand.PortsReleased();
        if (book.outdated(c.appId(), c.revision())) {
            return Effect().noReply();
        }
        PortBook.Holding none = new PortBook.Holding(c.revision(), List.of());
        return book.portsOf(c.appId()).isEmpty()
                ? Effect().reply(c.replyTo(), released)
                : Effect().persist(new PortEvent.Held(c.appId(), none)).thenReply(c.replyTo(), b -> released);
    }

    @Override
    public EventHandler<PortBook, PortEvent> eventHandler() {
        return (book, event) -> event.applyTo(book);
    }
}
