package io.finback.security;

/**
 * Somebody who has shown who they are.
 *
 * @param name not empty, without control characters and {@code :}
 */
public record Principal(String name) {
    public Principal {
        if (name.isEmpty() || name.chars().anyMatch(c -> c == ':' || c < ' ' || c == 127)) {
            throw new IllegalArgumentException(
                    "principal: '" + name + "' (expected: some characters, no colon, no control characters)");
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
