package io.finback.controlplane.app;

import akka.actor.typed.Behavior;
import io.finback.controlplane.app.BookEntity.Outcome;
import io.finback.controlplane.scheduler.DrainBook;
import io.finback.controlplane.scheduler.DrainEvent;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns which hosts services shall leave: one in the cluster. Masters read it every few seconds; apps derive from it what moves. Journaled
 * before it is answered.
 */
public final class DrainsEntity {
    private static final Logger log = LoggerFactory.getLogger(DrainsEntity.class);

    private enum Due implements DrainMessage {
        NOW
    }

    private DrainsEntity() {}

    public static Behavior<DrainMessage> create(String entityId) {
        return BookEntity.create(
                entityId,
                new BookEntity.Rules<DrainMessage, DrainEvent, DrainBook>(
                        DrainMessage.KEY,
                        Due.NOW,
                        DrainBook.EMPTY,
                        (book, event) -> event.applyTo(book),
                        DrainsEntity::decide));
    }

    private static Outcome<DrainEvent, DrainBook> decide(DrainBook book, DrainMessage message) {
        if (message instanceof DrainMessage.Begin begin) {
            return begin(book, begin);
        }
        if (message instanceof DrainMessage.End end) {
            return end(book, end);
        }
        return message instanceof DrainMessage.Read read
                ? Outcome.unchanged((now, revision) -> read.replyTo().tell(new DrainsSnapshot(revision, now, false)))
                : Outcome.ignored();
    }

    private static Outcome<DrainEvent, DrainBook> begin(DrainBook book, DrainMessage.Begin c) {
        DrainEvent event = new DrainEvent.Begun(c.drains());
        if (event.applyTo(book).hosts().size() > DrainBook.MAX_HOSTS) {
            return Outcome.unchanged((now, revision) -> c.replyTo().tell(new DrainsSnapshot(revision, now, true)));
        }
        return new Outcome<>(List.of(event), (now, revision) -> {
            log.info(
                    "drains.begun hosts={}",
                    c.drains().stream().map(DrainBook.Drain::host).toList());
            c.replyTo().tell(new DrainsSnapshot(revision, now, false));
        });
    }

    private static Outcome<DrainEvent, DrainBook> end(DrainBook book, DrainMessage.End c) {
        List<String> known =
                c.hosts().stream().filter(book.hosts()::containsKey).toList();
        return new Outcome<>(known.isEmpty() ? List.of() : List.of(new DrainEvent.Ended(known)), (now, revision) -> {
            if (!known.isEmpty()) {
                log.info("drains.ended hosts={}", known);
            }
            c.replyTo().tell(new DrainsSnapshot(revision, now, false));
        });
    }
}
