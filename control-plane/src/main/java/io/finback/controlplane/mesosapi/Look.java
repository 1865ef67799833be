package io.finback.controlplane.mesosapi;

import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.controlplane.view.SeenBy;
import io.finback.security.Action;
import io.finback.security.Sight;

/**
 * What an answer is written from.
 *
 * @param whole for sums alone, which name nobody
 * @param shown what of it may be named
 */
record Look(ClusterSnapshot whole, ClusterSnapshot shown, Sight sight) {
    static Look at(ClusterSnapshot whole) {
        return new Look(whole, whole, Sight.WHOLE);
    }

    /** Costs a look at everything in the snapshot where something is hidden. */
    static Look at(ClusterSnapshot whole, Sight sight) {
        return SeenBy.isWhole(sight)
                ? new Look(whole, whole, sight)
                : new Look(whole, new SeenBy(sight).snapshot(whole), sight);
    }

    boolean seesRole(String role) {
        return sight.sees(Action.VIEW_ROLE, role);
    }
}
