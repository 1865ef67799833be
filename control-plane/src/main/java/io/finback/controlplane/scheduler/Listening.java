package io.finback.controlplane.scheduler;

import java.util.Set;

/**
 * Which running instances take connections at their first port, as far as this master knows. A process that runs may still be starting:
 * callers of the app would find nobody behind its port.
 *
 * <p>The sets are those that were given, no copies of them: they are many, and asked often.
 *
 * @param open task ids that take connections
 * @param awaited task ids that do not yet, and are still waited for; those in neither set are not waited for (no port, or it stayed
 *     closed for too long)
 * @param unready task ids whose readiness check has not passed yet
 * @param drains the hosts that are to be left
 */
public record Listening(Set<String> open, Set<String> awaited, Set<String> unready, DrainBook drains) {
    /** Nothing is known: running is enough. */
    public static final Listening UNKNOWN = new Listening(Set.of(), Set.of(), Set.of(), DrainBook.EMPTY);

    public Listening(Set<String> open, Set<String> awaited) {
        this(open, awaited, Set.of(), DrainBook.EMPTY);
    }

    public Listening withUnready(Set<String> ids) {
        return new Listening(open, awaited, ids, drains);
    }

    public Listening withDrains(DrainBook book) {
        return new Listening(open, awaited, unready, book);
    }
}
