package io.finback.controlplane.allocator;

import io.finback.resources.Kind;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is free on an agent, as each role and framework may see it. Most roles see the same, so it is reckoned once for all roles nothing is
 * reserved for, and once for each that something is reserved for.
 */
final class Portions {
    /** What a framework can deal with, as far as it decides which kinds of resources it sees. */
    static final int REVOCABLE = 1;

    static final int SHARED = 2;
    static final int REFINED = 4;
    private static final int MASKS = 8;

    final Resources all;
    private final Scalars names;
    private final OfferPolicy policy;
    private final Set<String> reservedTo = new HashSet<>();
    private final @Nullable Portion[] common = new @Nullable Portion[MASKS];
    private final Map<String, @Nullable Portion[]> byRole = new HashMap<>();
    private long @Nullable [] chargeable;

    Portions(Resources all, Scalars names, OfferPolicy policy) {
        this.all = all;
        this.names = names;
        this.policy = policy;
        for (Special entry : all.special()) {
            entry.kind().reservedTo().ifPresent(reservedTo::add);
        }
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    boolean isPlain() {
        return all.isPlain();
    }

    /** What a quota counts of it: the same for everybody. */
    long[] chargeable() {
        if (all.isPlain()) {
            return plain().chargeable;
        }
        if (chargeable == null) {
            chargeable = names.vector(Shares.chargeable(all).quantities());
        }
        return chargeable;
    }

    /** Whether some role could be offered enough of it for the pool's own minimum. */
    boolean isWorthOffering() {
        return all.isPlain()
                ? plain().isWorthOffering
                : policy.isWorthOffering(
                        all.quantities().getOrDefault(Resources.CPUS, 0L),
                        all.quantities().getOrDefault(Resources.MEM, 0L));
    }

    /** What a framework with these abilities may see in this role. */
    Portion of(Role role, int mask) {
        if (all.isPlain()) {
            return plain();
        }
        if (!isAnythingReservedTo(role)) {
            return portion(common, role, mask);
        }
        return portion(byRole.computeIfAbsent(role.name, name -> new @Nullable Portion[MASKS]), role, mask);
    }

    private Portion plain() {
        Portion known = common[0];
        if (known == null) {
            known = new Portion(all, names, policy);
            common[0] = known;
        }
        return known;
    }

    private Portion portion(@Nullable Portion[] cache, Role role, int mask) {
        Portion known = cache[mask];
        if (known == null) {
            known = new Portion(all.filter(kind -> isVisible(kind, role.name, mask)), names, policy);
            cache[mask] = known;
        }
        return known;
    }

    private boolean isAnythingReservedTo(Role role) {
        if (!reservedTo.isEmpty()) {
            for (Role at = role; !at.isRoot(); at = at.above()) {
                if (reservedTo.contains(at.name)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean isVisible(Kind kind, String role, int mask) {
        return kind.isAllocatableTo(role)
                && (!kind.revocable() || (mask & REVOCABLE) != 0)
                && (!kind.shared() || (mask & SHARED) != 0)
                && (!kind.isRefined() || (mask & REFINED) != 0);
    }
}
