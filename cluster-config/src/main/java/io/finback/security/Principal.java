package io.finback.security;

import java.util.Optional;

/**
 * Somebody who has shown who they are.
 *
 * @param name not empty, without control characters and {@code :}
 */
public record Principal(String name) {
    public Principal {
        if (!isName(name)) {
            throw new IllegalArgumentException(
                    "principal: '" + name + "' (expected: some characters, no colon, no control characters)");
        }
    }

    /** Somebody of this name; empty: it is no name anybody can show to have. */
    public static Optional<Principal> named(String name) {
        return isName(name) ? Optional.of(new Principal(name)) : Optional.empty();
    }

    private static boolean isName(String name) {
        return !name.isEmpty() && name.chars().noneMatch(c -> c == ':' || c < ' ' || c == 127);
    }

    @Override
    public String toString() {
        return name;
    }
}
