package io.finback.controlplane.dtabs;

import java.util.Optional;

/** What has happened to a namespace. Journaled. */
public sealed interface DtabEvent {
    DtabState applyTo(DtabState state);

    /** {@code dtab}: its whole text, as {@code Dtab.show} writes it. */
    record Stored(String dtab) implements DtabEvent {
        @Override
        public DtabState applyTo(DtabState state) {
            return new DtabState(state.version() + 1, Optional.of(dtab));
        }
    }

    record Removed() implements DtabEvent {
        @Override
        public DtabState applyTo(DtabState state) {
            return new DtabState(state.version() + 1, Optional.empty());
        }
    }
}
