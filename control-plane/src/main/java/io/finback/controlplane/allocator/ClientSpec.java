package io.finback.controlplane.allocator;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the allocator has to know of a framework that wants offers.
 *
 * @param roles for each of them it is offered resources; may be none
 * @param suppressed those of its roles that want none for now
 * @param minimums per role, amounts (scalar name to thousandths) of which an offer must hold at least one; a role without entry is
 *     held to the pool's own minimum
 */
public record ClientSpec(
        Set<String> roles,
        Set<String> suppressed,
        Set<Capability> capabilities,
        OfferConstraints constraints,
        Map<String, List<SortedMap<String, Long>>> minimums) {
    public ClientSpec {
        roles = Collections.unmodifiableSet(new LinkedHashSet<>(roles));
        suppressed = Set.copyOf(suppressed);
        capabilities = Set.copyOf(capabilities);
        Map<String, List<SortedMap<String, Long>>> copy = new HashMap<>();
        minimums.forEach((role, amounts) -> {
            List<SortedMap<String, Long>> list = new ArrayList<>();
            amounts.forEach(amount -> list.add(Collections.unmodifiableSortedMap(new TreeMap<>(amount))));
            copy.put(role, List.copyOf(list));
        });
        minimums = Map.copyOf(copy);
    }

    /** A framework of one role that takes what comes. */
    public static ClientSpec of(String role, boolean suppressed) {
        return new ClientSpec(
                Set.of(role), suppressed ? Set.of(role) : Set.of(), Set.of(), OfferConstraints.NONE, Map.of());
    }
}
