package io.finback.controlplane.scheduler;

/** What happened to the service ports. */
public sealed interface PortEvent {
    PortBook applyTo(PortBook book);

    /** From now on the app holds exactly these ports. */
    record Held(String appId, PortBook.Holding holding) implements PortEvent {
        @Override
        public PortBook applyTo(PortBook book) {
            return book.with(appId, holding);
        }
    }
}
