package io.finback.controlplane.allocator;

import io.finback.resources.FrameworkId;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One role of the {@link RoleTree}. What it has is what its frameworks and all roles below it have. Its order holds those children that want
 * something and, if frameworks directly in it do, its {@link Leaf}: a role's own frameworks compete with its children as one of them.
 */
final class Role extends Place {
    private final @Nullable Role parent;
    final Role top;
    final Leaf leaf = new Leaf(this);
    final Map<String, Role> children = new HashMap<>();
    final Order<Place> order = new Order<>();

    /** Seats in and below this role that want something, and those of them that were woken since the last pass. */
    int active;

    int awake;

    /** What everything in and below the top-level role counts against. */
    private final @Nullable Allowance allowance;

    /** The root. */
    Role() {
        super("");
        this.parent = null;
        this.top = this;
        this.allowance = null;
    }

    Role(String path, Role parent) {
        super(path);
        this.parent = parent;
        this.top = parent.isRoot() ? this : parent.top;
        this.allowance = parent.isRoot() ? new Allowance(path) : parent.allowance;
    }

    boolean isRoot() {
        return parent == null;
    }

    /** The role above; the root has none. */
    Role above() {
        if (parent == null) {
            throw new IllegalStateException("the root has no role above it");
        }
        return parent;
    }

    @Override
    void leave() {
        above().order.remove(this);
    }

    @Override
    void enter() {
        above().order.add(this);
    }

    /** Whether nobody would miss it. */
    boolean isUnused() {
        return children.isEmpty()
                && leaf.seats.isEmpty()
                && amounts.isZero()
                && (top != this || allowance().isUnused());
    }

    Allowance allowance() {
        if (allowance == null) {
            throw new IllegalStateException("the root has no quota");
        }
        return allowance;
    }

    /** The frameworks directly in a role; in the order of the role it stands as {@code path/.}, with weight 1, as in Mesos. */
    static final class Leaf extends Place {
        final Role role;
        final Map<FrameworkId, Seat> seats = new HashMap<>();
        final Order<Seat> order = new Order<>();
        final Order<Seat> awake = new Order<>();

        Leaf(Role role) {
            super(role.name + "/.");
            this.role = role;
        }

        @Override
        void leave() {
            role.order.remove(this);
        }

        @Override
        void enter() {
            role.order.add(this);
        }
    }
}
