package io.finback.runtime;

import io.finback.persistence.ClusterTable.Entry;
import io.finback.runtime.MembershipMessage.IAm;
import io.finback.runtime.MembershipMessage.Incarnation;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Whose cluster a database belongs to: that of the masters in its row, for as long as they go on saying so. Whoever forms a cluster takes the row
 * first, so that of two at most one does; a cluster whose row was taken is superseded, and ends. A life of a master is in one cluster only, which is
 * why a single name in common says that it is the same cluster. Pure.
 */
final class ClaimRule {
    /** A row that was not renewed for so many periods is renewed by whoever notices. */
    private static final int LATE_PERIODS = 3;

    private ClaimRule() {}

    /** What a member does about the row. */
    enum Duty {
        /** Somebody else renews it, and in time. */
        NOTHING,
        RENEW,
        /** Another cluster has it: leave this one. */
        END
    }

    /**
     * Whether {@code self}, in no cluster yet, may take the row: there is none, nobody has renewed it for {@code expiry}, or each of its masters
     * has ended, which another life at its address shows.
     */
    static boolean mayTake(Incarnation self, Optional<Entry> entry, Collection<IAm> answers, Duration expiry) {
        return entry.isEmpty()
                || isOver(entry.get(), expiry)
                || readable(entry.get())
                        && masters(entry.get()).stream()
                                .allMatch(master -> master.equals(self)
                                        || self.replaces(master)
                                        || answers.stream().anyMatch(answer -> answer.self()
                                                .replaces(master)));
    }

    /**
     * What a member does.
     *
     * @param ever all masters that were members of its cluster during its life, those that are gone among them
     * @param speaks whether it is for this member to renew the row
     */
    static Duty duty(Set<Incarnation> ever, Optional<Entry> entry, boolean speaks, Duration period, Duration expiry) {
        if (entry.isEmpty()) {
            return Duty.RENEW;
        }
        boolean ours = !readable(entry.get()) || masters(entry.get()).stream().anyMatch(ever::contains);
        boolean over = isOver(entry.get(), expiry);
        if (!ours && !over) {
            return Duty.END;
        }
        boolean late = over || entry.get().age().compareTo(period.multipliedBy(LATE_PERIODS)) >= 0;
        return speaks || late ? Duty.RENEW : Duty.NOTHING;
    }

    private static boolean isOver(Entry entry, Duration expiry) {
        return entry.age().compareTo(expiry) >= 0;
    }

    /** A row that somebody spoilt ends nobody. */
    private static boolean readable(Entry entry) {
        return masters(entry).size() == entry.masters().size();
    }

    private static List<Incarnation> masters(Entry entry) {
        return entry.masters().stream()
                .map(Incarnation::parse)
                .flatMap(Optional::stream)
                .toList();
    }
}
