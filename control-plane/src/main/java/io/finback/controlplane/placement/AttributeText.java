package io.finback.controlplane.placement;

import io.finback.resources.Ranges;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The one text of an attribute's value that constraints compare, so that equal values are equal texts: scalars with at most three
 * decimals ({@code 2.0} is {@code 2}), ranges as {@code [1-2,5-7]}, sets as <code>{a,b}</code>, anything else as it is. Source:
 * Marathon's {@code Constraints.getValueString}.
 */
final class AttributeText {
    private static final Pattern SCALAR = Pattern.compile("[-+]?[0-9]{1,15}(\\.[0-9]{1,15})?");
    private static final Pattern RANGE = Pattern.compile("([0-9]{1,18})\\s*-\\s*([0-9]{1,18})");

    private AttributeText() {}

    static String of(String raw) {
        String text = raw.strip();
        if (SCALAR.matcher(text).matches()) {
            return scalar(text);
        }
        if (text.startsWith("[") && text.endsWith("]")) {
            return ranges(inside(text)).orElse(text);
        }
        if (text.startsWith("{") && text.endsWith("}")) {
            TreeSet<String> items = new TreeSet<>();
            for (String item : inside(text).split(",", -1)) {
                items.add(item.strip());
            }
            return "{" + String.join(",", items) + "}";
        }
        return text;
    }

    private static String inside(String text) {
        return text.substring(1, text.length() - 1);
    }

    private static String scalar(String text) {
        BigDecimal rounded = new BigDecimal(text).setScale(3, RoundingMode.HALF_EVEN);
        return rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
    }

    private static Optional<String> ranges(String list) {
        List<Ranges.Range> ranges = new ArrayList<>();
        for (String part : list.split(",", -1)) {
            Matcher matcher = RANGE.matcher(part.strip());
            if (!matcher.matches()) {
                return Optional.empty();
            }
            long begin = Long.parseLong(matcher.group(1));
            long end = Long.parseLong(matcher.group(2));
            if (begin > end) {
                return Optional.empty();
            }
            ranges.add(new Ranges.Range(begin, end));
        }
        StringBuilder text = new StringBuilder("[");
        for (Ranges.Range range : new Ranges(ranges).ranges()) {
            text.append(text.length() == 1 ? "" : ",")
                    .append(range.begin())
                    .append('-')
                    .append(range.end());
        }
        return Optional.of(text.append(']').toString());
    }
}
