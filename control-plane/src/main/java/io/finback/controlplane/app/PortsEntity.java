package io.finback.controlplane.app;

import akka.actor.typed.Behavior;
import io.finback.controlplane.app.BookEntity.Outcome;
import io.finback.controlplane.scheduler.PortBook;
import io.finback.controlplane.scheduler.PortEvent;
import java.util.List;
import java.util.Optional;

/**
 * Owns which app holds which service ports: one in the cluster, so that two apps created at the same time on two masters never get the
 * same port. Journaled before it is answered; apps ask again until they are.
 */
public final class PortsEntity {
    private enum Due implements PortsMessage {
        NOW
    }

    private PortsEntity() {}

    public static Behavior<PortsMessage> create(String entityId) {
        return BookEntity.create(
                entityId,
                new BookEntity.Rules<PortsMessage, PortEvent, PortBook>(
                        PortsMessage.KEY,
                        Due.NOW,
                        PortBook.EMPTY,
                        (book, event) -> event.applyTo(book),
                        PortsEntity::decide));
    }

    private static Outcome<PortEvent, PortBook> decide(PortBook book, PortsMessage message) {
        if (message instanceof PortsMessage.Claim claim) {
            return claim(book, claim);
        }
        return message instanceof PortsMessage.Free free ? free(book, free) : Outcome.ignored();
    }

    private static Outcome<PortEvent, PortBook> claim(PortBook book, PortsMessage.Claim c) {
        if (book.outdated(c.appId(), c.revision())) {
            return Outcome.ignored();
        }
        Optional<List<Integer>> ports = book.assign(c.appId(), c.wanted());
        AppCommand granted = new AppCommand.PortsGranted(c.version(), ports.orElse(List.of()));
        boolean held = ports.isEmpty() || ports.get().equals(book.portsOf(c.appId()));
        return new Outcome<>(
                held
                        ? List.of()
                        : List.of(new PortEvent.Held(c.appId(), new PortBook.Holding(c.revision(), ports.get()))),
                (journaled, revision) -> c.replyTo().tell(granted));
    }

    private static Outcome<PortEvent, PortBook> free(PortBook book, PortsMessage.Free c) {
        if (book.outdated(c.appId(), c.revision())) {
            return Outcome.ignored();
        }
        PortBook.Holding none = new PortBook.Holding(c.revision(), List.of());
        return new Outcome<>(
                book.portsOf(c.appId()).isEmpty() ? List.of() : List.of(new PortEvent.Held(c.appId(), none)),
                (journaled, revision) -> c.replyTo().tell(new AppCommand.PortsReleased()));
    }
}
