package io.finback.controlplane.allocator;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * Keeps guarantees keepable: what is free in the pool never falls below what is still owed, as far as it lies with the allocator. A role may
 * take what it is owed, and of the surplus (free minus owed to anybody) as much as its limit leaves. Unreserved, non-revocable scalars
 * only, in thousandths by the numbers of {@link Scalars}; every sum is kept by the change that touches it. Source: apache/mesos {@code
 * docs/quota.md}.
 */
final class Headroom {
    private long[] free = new long[4];
    private long[] owed = new long[4];
    private long[] guaranteedRoles = new long[4];
    private int guarantees;
    private long[] seenSurplus = new long[0];
    private final Set<Allowance> loosened = new HashSet<>();

    /** Whether any role is guaranteed anything: otherwise there is nothing to hold back. */
    boolean hasGuarantees() {
        return guarantees > 0;
    }

    void setQuota(Allowance allowance, long[] guarantee, long[] limit) {
        owe(allowance, -1);
        countGuarantees(allowance, -1);
        allowance.set(guarantee, limit);
        countGuarantees(allowance, 1);
        owe(allowance, 1);
        loosened.add(allowance);
    }

    /** The role has this much more. */
    void charge(Allowance allowance, long[] amounts) {
        if (allowance.hasGuarantee()) {
            owe(allowance, -1);
            allowance.consumed.add(amounts);
            owe(allowance, 1);
        } else {
            allowance.consumed.add(amounts);
        }
    }

    /** The role has this much less. */
    void discharge(Allowance allowance, long[] amounts) {
        if (allowance.hasGuarantee()) {
            owe(allowance, -1);
            allowance.consumed.subtract(amounts);
            owe(allowance, 1);
        } else {
            allowance.consumed.subtract(amounts);
        }
        if (allowance.hasLimit() || allowance.hasGuarantee()) {
            loosened.add(allowance);
        }
    }

    /** Of some agent this much is free now, and was before. */
    void changeFree(long[] before, long[] after) {
        grow(Math.max(before.length, after.length));
        for (int i = 0; i < before.length; i++) {
            free[i] -= before[i];
        }
        for (int i = 0; i < after.length; i++) {
            free[i] += after[i];
        }
    }

    /** Whether anybody is owed any of this. */
    boolean owesAny(long[] amounts) {
        for (int i = 0; i < Math.min(amounts.length, owed.length); i++) {
            if (amounts[i] > 0 && owed[i] > 0) {
                return true;
            }
        }
        return false;
    }

    /** Free minus owed; negative where promises exceed what there is. */
    long surplus(int number) {
        return number < free.length ? free[number] - owed[number] : 0;
    }

    /** How much more of this scalar the role may be given now; never negative. */
    long allowed(Allowance allowance, int number) {
        long room = allowance.room(number);
        if (number >= guaranteedRoles.length || guaranteedRoles[number] == 0) {
            return room;
        }
        return Math.min(room, allowance.owed(number) + Math.max(0, surplus(number)));
    }

    /** Whether the role may be given all of this. */
    boolean allows(Allowance allowance, long[] amounts) {
        for (int i = 0; i < amounts.length; i++) {
            if (amounts[i] > 0 && amounts[i] > allowed(allowance, i)) {
                return false;
            }
        }
        return true;
    }

    /** Whether the role may be given any of this; true for nothing at all. */
    boolean allowsSome(Allowance allowance, long[] amounts) {
        boolean isNothing = true;
        for (int i = 0; i < amounts.length; i++) {
            if (amounts[i] > 0) {
                if (allowed(allowance, i) > 0) {
                    return true;
                }
                isNothing = false;
            }
        }
        return isNothing;
    }

    /** Whether somebody who is owed nothing could be given more of a guaranteed scalar. */
    boolean hasSurplus() {
        for (int i = 0; i < free.length; i++) {
            if (guaranteedRoles[i] > 0 && surplus(i) > 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether more is owed than is free. */
    boolean isShort() {
        for (int i = 0; i < free.length; i++) {
            if (guaranteedRoles[i] > 0 && surplus(i) < 0) {
                return true;
            }
        }
        return false;
    }

    int names() {
        return free.length;
    }

    /** Whether there is more surplus of a guaranteed scalar than when this was last called. */
    boolean takeSurplusGrew() {
        boolean grew = false;
        for (int i = 0; i < free.length; i++) {
            long seen = i < seenSurplus.length ? seenSurplus[i] : 0;
            grew |= guaranteedRoles[i] > 0 && surplus(i) > Math.max(0, seen);
        }
        noteSurplus();
        return grew;
    }

    /** What {@link #takeSurplusGrew} compares with. */
    void noteSurplus() {
        seenSurplus = new long[free.length];
        for (int i = 0; i < free.length; i++) {
            seenSurplus[i] = surplus(i);
        }
    }

    /** Roles that may be given more since this was asked last: further from their limit, or owed more. */
    Set<Allowance> takeLoosened() {
        Set<Allowance> taken = Set.copyOf(loosened);
        loosened.clear();
        return taken;
    }

    private void owe(Allowance allowance, int sign) {
        grow(allowance.guaranteedNames());
        for (int i = 0; i < allowance.guaranteedNames(); i++) {
            owed[i] += sign * allowance.owed(i);
        }
    }

    private void countGuarantees(Allowance allowance, int sign) {
        grow(allowance.guaranteedNames());
        for (int i = 0; i < allowance.guaranteedNames(); i++) {
            guaranteedRoles[i] += allowance.isGuaranteed(i) ? sign : 0;
        }
        guarantees += allowance.hasGuarantee() ? sign : 0;
    }

    private void grow(int length) {
        if (length > free.length) {
            free = Arrays.copyOf(free, length);
            owed = Arrays.copyOf(owed, length);
            guaranteedRoles = Arrays.copyOf(guaranteedRoles, length);
        }
    }
}
