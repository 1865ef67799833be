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
 * What is free on an agent, as each role and framework may see it. Of a plain amount all see the same; of another most roles do, so it is
 * reckoned once for all roles nothing is reserved for, and once for each that something is reserved for.
 */
final class Portions {
    /** What a framework can deal with, as far as it decides which kinds of resources it sees. */
    static final int REVOCABLE = 1;

    static final int SHARED = 2;
    static final int REFINED = 4;
    private static final int MASKS = 8;

    final Resources all;
    private final Portion whole;
    private final @Nullable Views views;

    private static final class Views {
        private final Scalars names;
        private final OfferPolicy policy;
        private final Set<String> reservedTo = new HashSet<>();
        private final @Nullable Portion[] common = new @Nullable Portion[MASKS];
        private final Map<String, @Nullable Portion[]> byRole = new HashMap<>();

        Views(Resources all, Scalars names, OfferPolicy policy) {
            this.names = names;
            this.policy = policy;
            for (Special entry : all.special()) {
                entry.kind().reservedTo().ifPresent(reservedTo::add);
            }
        }
    }

    Portions(Resources all, Scalars names, OfferPolicy policy) {
        this.all = all;
        this.whole = new Portion(all, names, policy);
        this.views = all.isPlain() ? null : new Views(all, names, policy);
    }

    boolean isEmpty() {
        return whole.isEmpty;
    }

    boolean isPlain() {
        return views == null;
    }

    /** What a quota counts of it: the same for everybody. */
    long[] chargeable() {
        return whole.chargeable;
    }

    /** Whether some role could be offered enough of it for the pool's own minimum. */
    boolean isWorthOffering() {
        return whole.isWorthOffering;
    }

    /** What a framework with these abilities may see in this role. */
    Portion of(Role role, int mask) {
        if (views == null) {
            return whole;
        }
        @Nullable
        Portion[] cache = isAnythingReservedTo(views, role)
                ? views.byRole.computeIfAbsent(role.name, name -> new @Nullable Portion[MASKS])
                : views.common;
        Portion known = cache[mask];
        if (known == null) {
            known = new Portion(all.filter(kind -> isVisible(kind, role.name, mask)), views.names, views.policy);
            cache[mask] = known;
        }
        return known;
    }

    private static boolean isAnythingReservedTo(Views views, Role role) {
        if (!views.reservedTo.isEmpty()) {
            for (Role at = role; !at.isRoot(); at = at.above()) {
                if (views.reservedTo.contains(at.name)) {
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
