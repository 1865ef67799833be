package io.finback.controlplane.dtabs;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * One namespace.
 *
 * @param version grows by one with every change, removals included, so that no version ever comes back
 * @param dtab its text; empty: there is no such namespace
 */
public record DtabState(long version, Optional<String> dtab) {
    public static final DtabState NOTHING = new DtabState(0, Optional.empty());

    /** Why a change is refused. */
    public enum Refusal {
        EXISTS,
        MISSING,
        OTHER_VERSION
    }

    /** Whether a write may be made; empty: it may. */
    public Optional<Refusal> refusal(Write write) {
        return switch (write.mode()) {
            case CREATE -> dtab.isPresent() ? Optional.of(Refusal.EXISTS) : Optional.empty();
            case PUT -> Optional.empty();
            case UPDATE, REMOVE -> {
                boolean other = write.expected().isPresent() && write.expected().getAsLong() != version;
                yield dtab.isEmpty()
                        ? Optional.of(Refusal.MISSING)
                        : other ? Optional.of(Refusal.OTHER_VERSION) : Optional.empty();
            }
        };
    }

    /**
     * A change that is asked for.
     *
     * @param expected the version it must be made to; any when empty
     */
    public record Write(Mode mode, String dtab, OptionalLong expected) {}

    /** {@code PUT} creates or replaces; {@code UPDATE} only replaces. */
    public enum Mode {
        CREATE,
        PUT,
        UPDATE,
        REMOVE
    }
}
