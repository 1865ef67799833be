package io.finback.controlplane.allocator;

import java.util.Optional;
import java.util.function.Predicate;

/**
 * Turns a regular expression of an {@link OfferConstraints} into a test of whole texts. Given to the room from outside: it must take time
 * linear in the text whatever the expression (RE2), which {@code java.util.regex} does not.
 */
@FunctionalInterface
public interface TextMatcher {
    /** For where no expressions are expected: every one of them is refused. */
    TextMatcher NONE = expression -> Optional.empty();

    /** The test; empty if the expression is none, or is larger than allowed. */
    Optional<Predicate<String>> compile(String expression);
}
