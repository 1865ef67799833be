package io.finback.runtime;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Decides which master is gone for certain, and whether this one may say so. Pure.
 *
 * <p>There are two kinds of evidence. A connection refused by the machine itself: it has no process that listens at the master's port. And
 * connections that nothing answers for {@link #CUT_AFTER}, to a master that none of the others hears either: its machine is lost, or cut off. A
 * master that is slow or stopped is neither, for the kernel of its machine still takes connections; that one is left to the failure
 * detector and the split brain resolver. Either can be seen by both halves of a cluster of each other, therefore only who still hears a majority of all
 * masters acts, which is what the split brain resolver would decide, too, only later.
 */
final class CrashRule {
    /** One refusal may fall into the moment of a restart. */
    static final int REFUSALS = 2;

    /** Lost packets are sent again after 1 and 3 s: what comes through by then was no cut. */
    static final Duration CUT_AFTER = Duration.ofSeconds(3);

    private CrashRule() {}

    /**
     * What is known of one other master.
     *
     * @param heard whether it has answered within the last second
     * @param refusals connections refused in a row since it answered
     * @param unanswered for how long nothing at all has answered connections to it
     * @param deniedBy who has lately said not to hear it
     */
    record Evidence(String address, boolean heard, int refusals, Duration unanswered, Set<String> deniedBy) {
        Evidence {
            deniedBy = Set.copyOf(deniedBy);
        }
    }

    /** The addresses of masters that are gone; empty when this master does not hear, with itself, more than half of all. */
    static List<String> crashed(Collection<Evidence> others) {
        List<String> witnesses =
                others.stream().filter(Evidence::heard).map(Evidence::address).toList();
        List<String> crashed = new ArrayList<>();
        if ((1 + witnesses.size()) * 2 > others.size() + 1) {
            others.stream()
                    .filter(other -> !other.heard())
                    .filter(other -> other.refusals() >= REFUSALS
                            || (isCut(other) && other.deniedBy().containsAll(witnesses)))
                    .forEach(other -> crashed.add(other.address()));
        }
        return crashed;
    }

    static boolean isCut(Evidence other) {
        return other.unanswered().compareTo(CUT_AFTER) >= 0;
    }
}
