package io.finback.controlplane.placement;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Why instances of a group wait.
 *
 * @param waiting how many
 * @param candidates offers looked at
 * @param reasons how many of them fell to which reason, each counted for the first in the order of {@link RejectReason}
 * @param rules how many each rule refused, whatever else did
 * @param nearest the candidate that lacks least
 * @param samples some candidates with everything that spoke against them
 */
public record Explanation(
        String group,
        int waiting,
        int candidates,
        Map<RejectReason, Integer> reasons,
        Map<String, Integer> rules,
        Optional<Refused> nearest,
        List<Refused> samples) {
    public Explanation {
        Map<RejectReason, Integer> copy = new EnumMap<>(RejectReason.class);
        copy.putAll(reasons);
        reasons = Collections.unmodifiableMap(copy);
        rules = Collections.unmodifiableMap(new TreeMap<>(rules));
        samples = List.copyOf(samples);
    }

    /** A candidate and what it lacks. */
    public record Refused(Candidate candidate, List<Lack> lacks) {
        public Refused {
            lacks = List.copyOf(lacks);
        }
    }

    /** {@code missing} in words, such as {@code cpus: 1.5 of 2 (0.5 missing)}. */
    public record Lack(RejectReason reason, String missing) {}
}
