package io.finback.controlplane.allocation;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.finback.controlplane.allocator.TextMatcher;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * RE2 expressions of offer constraints: whole texts, in time linear in the text. What the APIs let in is small already; an expression that
 * is larger all the same (an older master let it in) is refused here, and fits no agent.
 */
final class Re2Texts implements TextMatcher {
    private static final int MAX_LENGTH = 4_096;

    @Override
    public Optional<Predicate<String>> compile(String expression) {
        if (expression.length() > MAX_LENGTH) {
            return Optional.empty();
        }
        try {
            Pattern pattern = Pattern.compile(expression);
            return Optional.of(pattern::matches);
        } catch (PatternSyntaxException notAnExpression) {
            return Optional.empty();
        }
    }
}
