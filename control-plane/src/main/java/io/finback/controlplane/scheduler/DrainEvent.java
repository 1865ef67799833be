package io.finback.controlplane.scheduler;

import java.util.List;

/** What happened to the drains of hosts. */
public sealed interface DrainEvent {
    DrainBook applyTo(DrainBook book);

    /** Begun, or begun again with another deadline. */
    record Begun(List<DrainBook.Drain> drains) implements DrainEvent {
        public Begun {
            drains = List.copyOf(drains);
        }

        @Override
        public DrainBook applyTo(DrainBook book) {
            return book.begun(drains);
        }
    }

    /** The hosts take services again. */
    record Ended(List<String> hosts) implements DrainEvent {
        public Ended {
            hosts = List.copyOf(hosts);
        }

        @Override
        public DrainBook applyTo(DrainBook book) {
            return book.ended(hosts);
        }
    }
}
