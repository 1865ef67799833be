package io.finback.runtime;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Decides which master's process has ended for certain, and whether this one may say so. Pure.
 *
 * <p>The evidence is a connection refused by the machine itself: it has no process that listens at the master's port. A slow master, a
 * stopped one, a cut cable or a dead machine refuse nothing; those are left to the failure detector and the split brain resolver. A
 * firewall that refuses in the name of the other side can make both halves of a cluster think so of each other, therefore only who still
 * hears a majority of all masters acts, which is what the split brain resolver would decide, too, only later.
 */
final class CrashRule {
    /** One refusal may fall into the moment of a restart. */
    static final int REFUSALS = 2;

    private CrashRule() {}

    /**
     * What is known of one other master.
     *
     * @param heard whether it has answered within the last second
     * @param refusals connections refused in a row since it answered
     */
    record Evidence(String address, boolean heard, int refusals) {}

    /** The addresses of crashed masters; empty when this master does not hear, with itself, more than half of all. */
    static List<String> crashed(Collection<Evidence> others) {
        long alive = 1 + others.stream().filter(Evidence::heard).count();
        List<String> crashed = new ArrayList<>();
        if (alive * 2 > others.size() + 1) {
            others.stream()
                    .filter(other -> !other.heard() && other.refusals() >= REFUSALS)
                    .forEach(other -> crashed.add(other.address()));
        }
        return crashed;
    }
}
