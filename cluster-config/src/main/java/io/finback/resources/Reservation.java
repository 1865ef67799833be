package io.finback.resources;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Keeps resources for a role. Source: Mesos {@code Resource.ReservationInfo}.
 *
 * @param role who may use them, and every role below it
 * @param dynamic true: made by a call and can be undone; false: made by the agent's configuration
 * @param principal who made it, as far as is known; only dynamic reservations have one
 * @param labels carried along; part of what makes two reservations different
 */
public record Reservation(String role, boolean dynamic, Optional<String> principal, SortedMap<String, String> labels) {
    public Reservation {
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
        if (role.isEmpty() || role.equals("*")) {
            throw new IllegalArgumentException("reservation role: '" + role + "' (expected: a role other than *)");
        }
    }

    public static Reservation fixed(String role) {
        return new Reservation(role, false, Optional.empty(), new TreeMap<>());
    }

    public static Reservation dynamic(String role, Optional<String> principal) {
        return new Reservation(role, true, principal, new TreeMap<>());
    }
}
