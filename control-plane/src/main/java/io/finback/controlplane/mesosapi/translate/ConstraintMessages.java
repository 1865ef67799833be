package io.finback.controlplane.mesosapi.translate;

import static io.finback.mesos.translate.Labelled.wrong;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.finback.controlplane.allocator.OfferConstraints;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import org.apache.mesos.v1.scheduler.Protos.AttributeConstraint;

/** Offer constraints, with Mesos' limits of regular expressions. Source: apache/mesos {@code src/master/flags.cpp}. */
public final class ConstraintMessages {
    /** Mesos' {@code --offer_constraints_re2_max_program_size}. */
    private static final int MAX_PROGRAM = 100;
    /** Beside Mesos' {@code --offer_constraints_re2_max_mem} of 4 KB: a longer one could not fit. */
    private static final int MAX_LENGTH = 4096;
    /** Counted repetitions are written out before the program can be measured: this bounds the work of that. */
    private static final long MAX_REPEATS = 10_000;

    private static final int MAX_CONSTRAINTS = 10_000;
    private static final java.util.regex.Pattern COUNTS = java.util.regex.Pattern.compile("\\{(\\d+)(?:,(\\d*))?\\}");

    private ConstraintMessages() {}

    public static OfferConstraints from(org.apache.mesos.v1.scheduler.Protos.OfferConstraints message) {
        Map<String, List<OfferConstraints.Group>> byRole = new HashMap<>();
        int[] count = {0};
        message.getRoleConstraintsMap().forEach((role, constraints) -> {
            List<OfferConstraints.Group> groups = new ArrayList<>();
            for (var group : constraints.getGroupsList()) {
                count[0] += group.getAttributeConstraintsCount();
                if (count[0] > MAX_CONSTRAINTS) {
                    throw wrong("offer_constraints", "more than " + MAX_CONSTRAINTS, "at most that many");
                }
                String field = "offer_constraints.role_constraints." + role;
                groups.add(new OfferConstraints.Group(group.getAttributeConstraintsList().stream()
                        .map(constraint -> from(field, constraint))
                        .toList()));
            }
            byRole.put(role, groups);
        });
        return new OfferConstraints(byRole);
    }

    private static OfferConstraints.AttributeConstraint from(String field, AttributeConstraint message) {
        AttributeConstraint.Selector selector = message.getSelector();
        Optional<OfferConstraints.Pseudo> pseudo = Optional.empty();
        if (selector.hasPseudoattributeType()) {
            if (selector.getPseudoattributeType() == AttributeConstraint.Selector.PseudoattributeType.UNKNOWN) {
                throw wrong(field + ".selector.pseudoattribute_type", "UNKNOWN", "HOSTNAME, REGION or ZONE");
            }
            pseudo = Optional.of(OfferConstraints.Pseudo.valueOf(
                    selector.getPseudoattributeType().name()));
        }
        Optional<String> attribute =
                selector.hasAttributeName() ? Optional.of(selector.getAttributeName()) : Optional.empty();
        if (pseudo.isPresent() == attribute.isPresent()) {
            throw wrong(
                    field + ".selector", pseudo.isPresent() ? "both" : "neither", "a pseudoattribute or an attribute");
        }
        return predicate(field + ".predicate", pseudo, attribute, message.getPredicate());
    }

    private static OfferConstraints.AttributeConstraint predicate(
            String field,
            Optional<OfferConstraints.Pseudo> pseudo,
            Optional<String> attribute,
            AttributeConstraint.Predicate predicate) {
        List<OfferConstraints.AttributeConstraint> found = new ArrayList<>();
        if (predicate.hasExists()) {
            found.add(new OfferConstraints.AttributeConstraint(
                    pseudo, attribute, OfferConstraints.Test.EXISTS, Optional.empty()));
        }
        if (predicate.hasNotExists()) {
            found.add(new OfferConstraints.AttributeConstraint(
                    pseudo, attribute, OfferConstraints.Test.NOT_EXISTS, Optional.empty()));
        }
        text(predicate).forEach((test, text) -> {
            if (test == OfferConstraints.Test.TEXT_MATCHES || test == OfferConstraints.Test.TEXT_NOT_MATCHES) {
                checkRegex(field, text);
            }
            found.add(new OfferConstraints.AttributeConstraint(pseudo, attribute, test, Optional.of(text)));
        });
        if (found.size() != 1) {
            throw wrong(field, found.size() + " predicates", "exactly one that is known");
        }
        return found.get(0);
    }

    private static Map<OfferConstraints.Test, String> text(AttributeConstraint.Predicate predicate) {
        Map<OfferConstraints.Test, String> text = new HashMap<>();
        if (predicate.hasTextEquals()) {
            text.put(
                    OfferConstraints.Test.TEXT_EQUALS, predicate.getTextEquals().getValue());
        }
        if (predicate.hasTextNotEquals()) {
            text.put(
                    OfferConstraints.Test.TEXT_NOT_EQUALS,
                    predicate.getTextNotEquals().getValue());
        }
        if (predicate.hasTextMatches()) {
            text.put(
                    OfferConstraints.Test.TEXT_MATCHES,
                    predicate.getTextMatches().getRegex());
        }
        if (predicate.hasTextNotMatches()) {
            text.put(
                    OfferConstraints.Test.TEXT_NOT_MATCHES,
                    predicate.getTextNotMatches().getRegex());
        }
        return text;
    }

    private static void checkRegex(String field, String regex) {
        if (regex.length() > MAX_LENGTH) {
            throw wrong(field, "a regular expression of " + regex.length() + " characters", "at most " + MAX_LENGTH);
        }
        long repeats = 1;
        for (MatchResult count : (Iterable<MatchResult>) COUNTS.matcher(regex).results()::iterator) {
            String upper = count.group(2) == null || count.group(2).isEmpty() ? count.group(1) : count.group(2);
            repeats *= Math.max(1, upper.length() > 4 ? MAX_REPEATS + 1 : Long.parseLong(upper));
            if (repeats > MAX_REPEATS) {
                throw wrong(field, regex, "fewer repetitions");
            }
        }
        try {
            int size = Pattern.compile(regex).programSize();
            if (size > MAX_PROGRAM) {
                throw wrong(field, regex, "a regular expression of size <= " + MAX_PROGRAM + ", not " + size);
            }
        } catch (PatternSyntaxException e) {
            throw wrong(field, regex, "a regular expression of RE2: " + e.getDescription());
        }
    }
}
