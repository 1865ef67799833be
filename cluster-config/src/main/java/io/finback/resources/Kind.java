package io.finback.resources;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What sets an amount of resources apart from a plain one: for whom it is reserved, which disk it is, whether it may be taken back,
 * whether several tasks may use it at once. Source: Mesos {@code Resource}.
 *
 * @param reservations the stack of reservations, outermost first, each role below the one before it; empty: unreserved
 * @param disk present: which disk, or which volume on it
 * @param revocable true: may be taken back at any time
 * @param shared true: a persistent volume that several tasks may use; it is there once, however often it is used
 */
public record Kind(List<Reservation> reservations, Optional<Disk> disk, boolean revocable, boolean shared)
        implements Comparable<Kind> {
    /** Unreserved, on no particular disk, for keeps, for one. */
    public static final Kind PLAIN = new Kind(List.of(), Optional.empty(), false, false);

    public Kind {
        reservations = List.copyOf(reservations);
        for (int i = 1; i < reservations.size(); i++) {
            String outer = reservations.get(i - 1).role();
            String inner = reservations.get(i).role();
            if (!isBelow(inner, outer)) {
                throw new IllegalArgumentException(
                        "reservations: " + inner + " upon " + outer + " (expected: a role below " + outer + ")");
            }
        }
    }

    public static Kind reserved(Reservation reservation) {
        return new Kind(List.of(reservation), Optional.empty(), false, false);
    }

    public boolean isPlain() {
        return equals(PLAIN);
    }

    public boolean isReserved() {
        return !reservations.isEmpty();
    }

    /** Reserved by a call, so that it can be unreserved: the innermost reservation is what counts. */
    public boolean isDynamicallyReserved() {
        return isReserved() && innermost().dynamic();
    }

    /** More than one reservation: shown only to frameworks that know of refinement. */
    public boolean isRefined() {
        return reservations.size() > 1;
    }

    /** The role this is reserved for; empty: anybody. */
    public Optional<String> reservedTo() {
        return isReserved() ? Optional.of(innermost().role()) : Optional.empty();
    }

    /** True if {@code role} may be offered this: unreserved, or reserved for it or for a role above it. */
    public boolean isAllocatableTo(String role) {
        return !isReserved()
                || role.equals(innermost().role())
                || isBelow(role, innermost().role());
    }

    /** True if each role this has been reserved for, on the way to the innermost, is one of {@code roles}; so is what is not reserved. */
    public boolean isReservedWithin(Predicate<String> roles) {
        return reservations.stream().map(Reservation::role).allMatch(roles);
    }

    public boolean isPersistentVolume() {
        return disk.flatMap(Disk::persistence).isPresent();
    }

    /** A volume, or a disk of its own: given whole or not at all. */
    public boolean isIndivisible() {
        return isPersistentVolume()
                || disk.flatMap(Disk::source).map(Disk.Source::isWhole).orElse(false);
    }

    /** With one reservation more. */
    public Kind reservedFurther(Reservation reservation) {
        List<Reservation> stack = new ArrayList<>(reservations);
        stack.add(reservation);
        return new Kind(stack, disk, revocable, shared);
    }

    /** Without the innermost reservation. Throws when there is none. */
    public Kind unreserved() {
        if (!isReserved()) {
            throw new IllegalStateException("reservations: none (expected: at least one)");
        }
        return new Kind(reservations.subList(0, reservations.size() - 1), disk, revocable, shared);
    }

    public Kind withDisk(Optional<Disk> other) {
        return new Kind(reservations, other, revocable, shared);
    }

    public Kind withShared(boolean isShared) {
        return new Kind(reservations, disk, revocable, isShared);
    }

    /** True if {@code role} is below {@code ancestor} in the tree of roles: {@code eng/backend} is below {@code eng}. */
    public static boolean isBelow(String role, String ancestor) {
        return role.length() > ancestor.length() && role.startsWith(ancestor) && role.charAt(ancestor.length()) == '/';
    }

    private Reservation innermost() {
        return reservations.get(reservations.size() - 1);
    }

    /** Any order that is the same everywhere. */
    @Override
    public int compareTo(Kind other) {
        return toString().compareTo(other.toString());
    }
}
