package io.finback.nodeagent.machine;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Attributes as people write them: {@code rack:r1;os:linux}. What a value is, it says itself: a number, ranges ({@code [1-10]}), any
 * other text. Mesos knows no sets here. Source: apache/mesos {@code docs/attributes-resources.md}.
 */
public final class AttributeText {
    private AttributeText() {}

    /** Attribute name to its text. Every error is an IllegalArgumentException that says which entry, and what was expected. */
    public static Map<String, String> parse(String text) {
        Map<String, String> attributes = new LinkedHashMap<>();
        int number = 0;
        for (String entry : text.split(";", -1)) {
            if (!entry.isBlank()) {
                number++;
                try {
                    add(attributes, entry.strip());
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException("entry " + number + ": " + e.getMessage(), e);
                }
            }
        }
        return attributes;
    }

    private static void add(Map<String, String> attributes, String entry) {
        int colon = entry.indexOf(':');
        String name = colon < 0 ? entry : entry.substring(0, colon).strip();
        String value = colon < 0 ? "" : entry.substring(colon + 1).strip();
        if (value.isEmpty() || !Gathering.NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("'" + entry + "' (expected: name:value, such as rack:r1)");
        }
        if (value.startsWith("{")) {
            throw Gathering.wrong(name, "'" + value + "'", "a number, [from-to] or a text; attributes are no sets");
        }
        if (value.startsWith("[") && ResourceText.ranges(name, value).isEmpty()) {
            throw Gathering.wrong(name, "'" + value + "'", "at least one range");
        }
        if (attributes.put(name, value) != null) {
            throw new IllegalArgumentException("'" + name + "' is given twice (expected: each name once)");
        }
    }
}
