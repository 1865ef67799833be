package io.finback.controlplane.allocation;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.finback.controlplane.allocator.TextMatcher;
import java.util.Optional;
import java.util.function.Predicate;

/** Regular expressions of RE2, whose time is linear in the text whatever a framework writes. */
final class LinearMatcher implements TextMatcher {
    /** Mesos' {@code --offer_constraints_re2_max_program_size}; checked once more where subscriptions enter. */
    private static final int MAX_PROGRAM = 100;

    @Override
    public Optional<Predicate<String>> compile(String expression) {
        try {
            Pattern pattern = Pattern.compile(expression);
            return pattern.programSize() > MAX_PROGRAM ? Optional.empty() : Optional.of(pattern::matches);
        } catch (PatternSyntaxException e) {
            return Optional.empty();
        }
    }
}
