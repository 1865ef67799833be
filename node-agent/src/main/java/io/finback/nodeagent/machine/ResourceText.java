package io.finback.nodeagent.machine;

import io.finback.resources.Kind;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Resources as people write them: Mesos' text form {@code cpus:4;cpus(eng):2;mem:4096;ports:[31000-32000];zones:{a,b}} or its JSON
 * form ({@link ResourceJson}). A name with a role is kept for that role. Every error is an IllegalArgumentException that says in which
 * entry, at which character, what was found and what was expected. Source: apache/mesos {@code docs/attributes-resources.md}.
 */
public final class ResourceText {
    private static final Pattern ENTRY = Pattern.compile("([^:(]+)(?:\\(([^)]*)\\))?\\s*:(.*)", Pattern.DOTALL);
    private static final Pattern RANGE = Pattern.compile("(\\d{1,18})\\s*-\\s*(\\d{1,18})");

    private ResourceText() {}

    /** What is written down, by name; a name may also say "none of it" ({@code disk:0}). Empty text: nothing is written down. */
    public record Written(Resources resources, List<String> names) {
        public Written {
            names = List.copyOf(names);
        }
    }

    public static Written resources(String text) {
        return text.strip().startsWith("[") ? ResourceJson.parse(text.strip()) : parse(text);
    }

    private static Written parse(String text) {
        Gathering gathering = new Gathering();
        int number = 0;
        int from = 0;
        for (String entry : text.split(";", -1)) {
            if (!entry.isBlank()) {
                number++;
                int at = from + entry.length() - entry.stripLeading().length() + 1;
                try {
                    add(gathering, entry.strip());
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException(
                            "entry " + number + " at character " + at + ": " + e.getMessage(), e);
                }
            }
            from += entry.length() + 1;
        }
        return gathering.written();
    }

    private static void add(Gathering gathering, String entry) {
        Matcher parts = ENTRY.matcher(entry);
        if (!parts.matches()) {
            throw new IllegalArgumentException(
                    "'" + entry + "' (expected: name:amount, name(role):amount, name:[from-to] or name:{item,item})");
        }
        String name = parts.group(1).strip();
        String role = parts.group(2);
        Kind kind = role == null ? Kind.PLAIN : Gathering.reservedFor(role.strip());
        String value = parts.group(3).strip();
        if (value.startsWith("[")) {
            gathering.ranges(name, kind, ranges(name, value));
        } else if (value.startsWith("{")) {
            gathering.set(name, kind, items(name, value));
        } else {
            gathering.scalar(name, kind, amount(name, value));
        }
    }

    static double amount(String name, String value) {
        if (name.equals(Resources.PORTS)) {
            throw Gathering.wrong(name, "'" + value + "'", "ranges, such as [31000-32000]");
        }
        try {
            // Throws, with name and value, what is no number at all or negative.
            return Resources.thousandths(name, Double.parseDouble(value)) / 1000.0;
        } catch (NumberFormatException e) {
            throw Gathering.wrong(name, "'" + value + "'", "a number >= 0");
        }
    }

    static List<Ranges.Range> ranges(String name, String value) {
        if (!value.endsWith("]")) {
            throw Gathering.wrong(name, "'" + value + "'", "ranges, such as [31000-32000, 33000-33010]");
        }
        List<Ranges.Range> list = new ArrayList<>();
        for (String part : value.substring(1, value.length() - 1).split(",", -1)) {
            if (part.isBlank()) {
                continue;
            }
            Matcher range = RANGE.matcher(part.strip());
            if (!range.matches()) {
                throw Gathering.wrong(name, "'" + part.strip() + "'", "from-to, such as 31000-32000");
            }
            list.add(Gathering.range(name, Long.parseLong(range.group(1)), Long.parseLong(range.group(2))));
        }
        return list;
    }

    private static List<String> items(String name, String value) {
        if (!value.endsWith("}")) {
            throw Gathering.wrong(name, "'" + value + "'", "a set, such as {a, b}");
        }
        String inner = value.substring(1, value.length() - 1).strip();
        List<String> items = new ArrayList<>();
        if (!inner.isEmpty()) {
            for (String item : inner.split(",", -1)) {
                items.add(item.strip());
            }
        }
        return items;
    }
}
