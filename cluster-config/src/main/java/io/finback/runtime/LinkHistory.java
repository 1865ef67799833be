package io.finback.runtime;

import io.finback.settings.ClusterSettings.Rejoin;
import java.time.Duration;
import java.util.Set;

/**
 * How the memberships of a node that is no master went, and so how long it waits before the next one. Removed while masters answer, it
 * has a link to some of them that does not work: joining again at once would have it removed again, for ever. A value; pure.
 *
 * @param removals in a row, each of a membership that did not last for {@code settled-after}
 * @param silent masters that did not answer when it was removed last; addresses
 */
record LinkHistory(int removals, Set<String> silent) {
    static final LinkHistory NONE = new LinkHistory(0, Set.of());

    private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
    private static final int MOST_DOUBLINGS = 10;

    LinkHistory {
        silent = Set.copyOf(silent);
    }

    /** A membership of that length has ended by removal; {@code mute} did not answer in it. */
    LinkHistory removed(Duration lasted, Set<String> mute, Rejoin settings) {
        return new LinkHistory(lasted.compareTo(settings.settledAfter()) >= 0 ? 1 : removals + 1, mute);
    }

    /** Of a membership that goes on: after so long what was before is forgotten. */
    LinkHistory lasting(Duration lasts, Rejoin settings) {
        return lasts.compareTo(settings.settledAfter()) >= 0 ? NONE : this;
    }

    /** None after the first removal, then twice as long each time. */
    Duration waitBeforeJoining(Rejoin settings) {
        if (removals < 2) {
            return Duration.ZERO;
        }
        Duration doubled = FIRST_WAIT.multipliedBy(1L << Math.min(removals - 2, MOST_DOUBLINGS));
        return doubled.compareTo(settings.longestWait()) < 0 ? doubled : settings.longestWait();
    }

    /** The first, the second, the fourth ... */
    boolean isWorthALine() {
        return Integer.bitCount(removals) == 1;
    }
}
