package io.finback.resources;

/**
 * Resources of one special kind.
 *
 * @param kind not {@link Kind#PLAIN}
 * @param amount plain, not empty
 */
public record Special(Kind kind, Resources amount) {
    public Special {
        if (kind.isPlain()) {
            throw new IllegalArgumentException(
                    "special resources: plain (expected: reserved, a disk, revocable or shared)");
        }
        if (amount.isEmpty() || !amount.special().isEmpty()) {
            throw new IllegalArgumentException(
                    "special resources: " + amount + " (expected: a plain amount, not empty)");
        }
    }
}
