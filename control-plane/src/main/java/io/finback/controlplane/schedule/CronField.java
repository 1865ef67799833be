package io.finback.controlplane.schedule;

import java.util.BitSet;
import java.util.List;
import java.util.Locale;

/** One field of a cron expression: lists of {@code *}, numbers, names and ranges, each with an optional {@code /step}. */
final class CronField {
    private CronField() {}

    /** {@code names}: for {@code min} and the numbers after it. */
    static BitSet parse(String field, String text, int min, int max, List<String> names) {
        BitSet set = new BitSet(max + 1);
        for (String part : text.split(",", -1)) {
            String[] stepped = part.split("/", -1);
            int step = stepped.length == 1 ? 1 : number(field, text, stepped[1], 1, max, List.of());
            if (stepped.length > 2) {
                throw bad(field, text, min, max);
            }
            String range = stepped[0];
            int from = min;
            int to = max;
            if (!range.equals("*") && !range.equals("?")) {
                String[] ends = range.split("-", -1);
                if (ends.length > 2) {
                    throw bad(field, text, min, max);
                }
                from = number(field, text, ends[0], min, max, names);
                to = ends.length == 2
                        ? number(field, text, ends[1], min, max, names)
                        : stepped.length == 2 ? max : from;
            }
            if (from > to) {
                throw bad(field, text, min, max);
            }
            for (int value = from; value <= to; value += step) {
                set.set(value);
            }
        }
        return set;
    }

    private static int number(String field, String text, String digits, int min, int max, List<String> names) {
        int named = names.indexOf(digits.toUpperCase(Locale.ROOT));
        if (named >= 0) {
            return min + named;
        }
        if (!digits.matches("\\d{1,2}") || Integer.parseInt(digits) < min || Integer.parseInt(digits) > max) {
            throw bad(field, text, min, max);
        }
        return Integer.parseInt(digits);
    }

    private static IllegalArgumentException bad(String field, String text, int min, int max) {
        return new IllegalArgumentException("cron " + field + " '" + text + "' (expected: " + min + ".." + max
                + ", ranges a-b, lists a,b and steps /n)");
    }
}
