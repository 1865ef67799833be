package io.finback.controlplane.allocator;

/**
 * One that is given its turn in an {@link Order}: a role, the frameworks directly in a role, or one framework. What it has may change while the
 * order stands; {@link #settle} takes the new figures over, and must only be called while the place is in no order.
 */
abstract class Place {
    final String name;
    final Tally amounts = new Tally();
    double weight = 1;
    private double share;
    private long count;
    private double settledShare;
    private long settledCount;

    /** Whether it stands in its order; kept by {@link RoleTree}, as is the next. */
    boolean stands;

    /** Whether it waits to be put where its share belongs. */
    boolean isMoved;

    Place(String name) {
        this.name = name;
    }

    /** Takes it out of every order it stands in. */
    abstract void leave();

    /** Puts it into every order it has to stand in. */
    abstract void enter();

    /** The part of the pool it has, divided by its weight. */
    final void setShare(double share) {
        this.share = share;
    }

    final double share() {
        return share;
    }

    final long count() {
        return count;
    }

    final void setCount(long count) {
        this.count = count;
    }

    final void settle() {
        settledShare = share;
        settledCount = count;
    }

    /** Neediest first; then who was chosen least often; then by name, so that the order is reproducible. */
    final int compareSettled(Place other) {
        if (settledShare != other.settledShare) {
            return settledShare < other.settledShare ? -1 : 1;
        }
        if (settledCount != other.settledCount) {
            return settledCount < other.settledCount ? -1 : 1;
        }
        return name.compareTo(other.name);
    }
}
