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
import io.finback.controlplane.scheduler.GroupBook;
import io.finback.controlplane.scheduler.GroupEvent;
import io.finback.persistence.EntityDefaults;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Owns the groups that somebody made as such: one in the cluster. Apps do not ask it: which app is in which group is said by the
 * app's id, and no change of an app waits for it. Journaled before it is answered.
 */
public final class GroupsEntity extends EventSourcedBehaviorWithEnforcedReplies<GroupMessage, GroupEvent, GroupBook> {
    private static final int SNAPSHOT_EVERY = 200;

    private final ActorContext<GroupMessage> context;
    private final Consumer<GroupsSnapshot> views;

    public static Behavior<GroupMessage> create(String entityId, Consumer<GroupsSnapshot> views) {
        return EntityDefaults.supervised(Behaviors.setup(context -> new GroupsEntity(entityId, context, views)));
    }

    private GroupsEntity(String entityId, ActorContext<GroupMessage> context, Consumer<GroupsSnapshot> views) {
        super(PersistenceId.of(GroupMessage.KEY.name(), entityId), EntityDefaults.onPersistFailure());
        this.context = context;
        this.views = views;
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
    public GroupBook emptyState() {
        return GroupBook.EMPTY;
    }

    @Override
    public CommandHandlerWithReply<GroupMessage, GroupEvent, GroupBook> commandHandler() {
        return newCommandHandlerWithReplyBuilder()
                .forAnyState()
                .onCommand(GroupMessage.Replace.class, this::onReplace)
                .onCommand(GroupMessage.Read.class, (book, c) -> Effect().reply(c.replyTo(), snapshot(book, false)))
                .build();
    }

    private ReplyEffect<GroupEvent, GroupBook> onReplace(GroupBook book, GroupMessage.Replace c) {
        List<GroupEvent> events = new ArrayList<>();
        c.removed().stream().filter(book::holds).forEach(path -> events.add(new GroupEvent.Removed(c.at(), path)));
        if (!c.kept().isEmpty()) {
            events.add(new GroupEvent.Kept(c.at(), c.kept()));
        }
        GroupBook after = book;
        for (GroupEvent event : events) {
            after = event.applyTo(after);
        }
        if (events.isEmpty()) {
            return Effect().reply(c.replyTo(), snapshot(book, false));
        }
        if (after.groups().size() > GroupBook.MAX_GROUPS) {
            return Effect().reply(c.replyTo(), snapshot(book, true));
        }
        return Effect()
                .persist(events)
                .thenRun((GroupBook b) -> views.accept(snapshot(b, false)))
                .thenReply(c.replyTo(), b -> snapshot(b, false));
    }

    private GroupsSnapshot snapshot(GroupBook book, boolean full) {
        return new GroupsSnapshot(lastSequenceNumber(context), book, full);
    }

    @Override
    public EventHandler<GroupBook, GroupEvent> eventHandler() {
        return (book, event) -> event.applyTo(book);
    }
}
