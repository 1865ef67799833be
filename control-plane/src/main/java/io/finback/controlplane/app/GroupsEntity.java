package io.finback.controlplane.app;

import akka.actor.typed.Behavior;
import io.finback.controlplane.app.BookEntity.Outcome;
import io.finback.controlplane.scheduler.GroupBook;
import io.finback.controlplane.scheduler.GroupEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Owns the groups that somebody made as such: one in the cluster. Apps do not ask it: which app is in which group is said by the
 * app's id, and no change of an app waits for it. Journaled before it is answered.
 */
public final class GroupsEntity {
    private enum Due implements GroupMessage {
        NOW
    }

    private GroupsEntity() {}

    /** {@code views}: hear of every change. */
    public static Behavior<GroupMessage> create(String entityId, Consumer<GroupsSnapshot> views) {
        return BookEntity.create(
                entityId,
                new BookEntity.Rules<GroupMessage, GroupEvent, GroupBook>(
                        GroupMessage.KEY,
                        Due.NOW,
                        GroupBook.EMPTY,
                        (book, event) -> event.applyTo(book),
                        (book, message) -> decide(book, message, views)));
    }

    private static Outcome<GroupEvent, GroupBook> decide(
            GroupBook book, GroupMessage message, Consumer<GroupsSnapshot> views) {
        if (message instanceof GroupMessage.Replace replace) {
            return replace(book, replace, views);
        }
        return message instanceof GroupMessage.Read read
                ? Outcome.unchanged((now, revision) -> read.replyTo().tell(new GroupsSnapshot(revision, now, false)))
                : Outcome.ignored();
    }

    private static Outcome<GroupEvent, GroupBook> replace(
            GroupBook book, GroupMessage.Replace c, Consumer<GroupsSnapshot> views) {
        List<GroupEvent> events = new ArrayList<>();
        c.removed().stream().filter(book::holds).forEach(path -> events.add(new GroupEvent.Removed(c.at(), path)));
        if (!c.kept().isEmpty()) {
            events.add(new GroupEvent.Kept(c.at(), c.kept()));
        }
        GroupBook after = book;
        for (GroupEvent event : events) {
            after = event.applyTo(after);
        }
        if (after.groups().size() > GroupBook.MAX_GROUPS) {
            return Outcome.unchanged((now, revision) -> c.replyTo().tell(new GroupsSnapshot(revision, now, true)));
        }
        return new Outcome<>(events, (now, revision) -> {
            GroupsSnapshot snapshot = new GroupsSnapshot(revision, now, false);
            if (!events.isEmpty()) {
                views.accept(snapshot);
            }
            c.replyTo().tell(snapshot);
        });
    }
}
