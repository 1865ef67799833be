package io.finback.controlplane.allocator;

import java.util.Arrays;

/**
 * What a top-level role, with everything below it, has of its quota. Consumed is what its frameworks hold or are offered of unreserved,
 * non-revocable scalars, and everything reserved to it, used or not. Changed by {@link Headroom} only.
 */
final class Allowance {
    static final long UNLIMITED = Long.MAX_VALUE;

    final String role;
    final Tally consumed = new Tally();

    /** What of it was read from the state; the rest is offered. */
    long[] base = new long[0];

    private long[] guarantee = new long[0];
    private long[] limit = new long[0];

    Allowance(String role) {
        this.role = role;
    }

    void set(long[] newGuarantee, long[] newLimit) {
        guarantee = newGuarantee.clone();
        limit = newLimit.clone();
    }

    boolean isSet(long[] otherGuarantee, long[] otherLimit) {
        return Arrays.equals(guarantee, otherGuarantee) && Arrays.equals(limit, otherLimit);
    }

    boolean hasGuarantee() {
        return guarantee.length > 0;
    }

    boolean hasLimit() {
        return limit.length > 0;
    }

    boolean isUnused() {
        return !hasGuarantee() && !hasLimit() && consumed.isZero();
    }

    boolean isGuaranteed(int number) {
        return number < guarantee.length && guarantee[number] > 0;
    }

    /** How much of this scalar the role was promised and does not have. */
    long owed(int number) {
        return number < guarantee.length ? Math.max(0, guarantee[number] - consumed.get(number)) : 0;
    }

    /** How much more of this scalar the role may have at all; never negative. */
    long room(int number) {
        return isLimited(number) ? Math.max(0, limit[number] - consumed.get(number)) : UNLIMITED;
    }

    /** How much more than allowed the role has. */
    long excess(int number) {
        return isLimited(number) ? Math.max(0, consumed.get(number) - limit[number]) : 0;
    }

    long limit(int number) {
        return number < limit.length ? limit[number] : UNLIMITED;
    }

    boolean isOwedAny(long[] free) {
        int names = Math.min(guarantee.length, free.length);
        for (int i = 0; i < names; i++) {
            if (free[i] > 0 && guarantee[i] > consumed.get(i)) {
                return true;
            }
        }
        return false;
    }

    int guaranteedNames() {
        return guarantee.length;
    }

    @Override
    public String toString() {
        return role + ": consumed " + consumed + ", guarantee " + Arrays.toString(guarantee) + ", limit "
                + Arrays.toString(limit);
    }

    private boolean isLimited(int number) {
        return number < limit.length && limit[number] != UNLIMITED;
    }
}
