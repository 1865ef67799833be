package io.finback.nodeagent.machine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Resources and attributes as people write them: Mesos' text form {@code cpus:4;mem:4096;ports:[31000-32000]} or its JSON form
 * {@code [{"name":"cpus","type":"SCALAR","scalar":{"value":4}}]}, and {@code rack:r1;os:linux}. Every error is an
 * IllegalArgumentException that names the entry, its value and what was expected. Source: apache/mesos
 * {@code docs/attributes-resources.md}.
 */
public final class ResourceText {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]+");
    private static final Pattern ENTRY = Pattern.compile("([^:(]+)(?:\\(([^)]*)\\))?\\s*:(.*)", Pattern.DOTALL);
    private static final Pattern RANGE = Pattern.compile("(\\d{1,18})\\s*-\\s*(\\d{1,18})");
    private static final List<String> KNOWN_SCALARS =
            List.of(Resources.CPUS, Resources.MEM, Resources.DISK, Resources.GPUS);
    private static final JsonMapper JSON = new JsonMapper();

    private ResourceText() {}

    /** What is written down, by name; a name may also say "none of it" ({@code disk:0}). Empty text: nothing is written down. */
    public record Written(Resources resources, List<String> names) {
        public Written {
            names = List.copyOf(names);
        }
    }

    public static Written resources(String text) {
        String stripped = text.strip();
        return stripped.startsWith("[") ? fromJson(stripped) : fromText(stripped);
    }

    /** Attribute name to its text. */
    public static Map<String, String> attributes(String text) {
        Map<String, String> attributes = new LinkedHashMap<>();
        for (String entry : text.split(";", -1)) {
            if (entry.isBlank()) {
                continue;
            }
            int colon = entry.indexOf(':');
            String name = colon < 0 ? entry.strip() : entry.substring(0, colon).strip();
            String value = colon < 0 ? "" : entry.substring(colon + 1).strip();
            if (colon < 0 || value.isEmpty() || !NAME.matcher(name).matches()) {
                throw new IllegalArgumentException("'" + entry.strip() + "' (expected: name:value, such as rack:r1)");
            }
            if (attributes.put(name, value) != null) {
                throw new IllegalArgumentException("'" + name + "' is given twice (expected: each name once)");
            }
        }
        return attributes;
    }

    private static Written fromText(String text) {
        Written written = new Written(Resources.EMPTY, List.of());
        for (String entry : text.split(";", -1)) {
            if (entry.isBlank()) {
                continue;
            }
            Matcher parts = ENTRY.matcher(entry.strip());
            if (!parts.matches()) {
                throw new IllegalArgumentException("'" + entry.strip()
                        + "' (expected: name:amount or name:[from-to], such as cpus:4 or ports:[31000-32000])");
            }
            String role = parts.group(2);
            written = add(
                    written,
                    parts.group(1).strip(),
                    role == null ? "*" : role.strip(),
                    parts.group(3).strip());
        }
        return written;
    }

    private static Written add(Written written, String name, String role, String value) {
        check(name, role, written);
        if (value.startsWith("[")) {
            return with(written, name, ranges(name, value));
        }
        if (value.startsWith("{")) {
            throw new IllegalArgumentException(
                    name + ": " + value + " (expected: a number or [from-to]; sets are not supported)");
        }
        return with(written, name, scalar(name, value));
    }

    private static void check(String name, String role, Written written) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("'" + name + "' (expected: a name of letters, digits, '_', '.', '-')");
        }
        if (!role.equals("*")) {
            throw new IllegalArgumentException(
                    name + "(" + role + ") (expected: no role or '*'; reservations are not supported yet)");
        }
        if (written.names().contains(name)) {
            throw new IllegalArgumentException("'" + name + "' is given twice (expected: each name once)");
        }
    }

    private static double scalar(String name, String value) {
        if (name.equals(Resources.PORTS)) {
            throw new IllegalArgumentException(name + ": '" + value + "' (expected: ranges, such as [31000-32000])");
        }
        try {
            double amount = Double.parseDouble(value);
            // Throws, with name and value, what is no number at all or negative.
            long checked = Resources.thousandths(name, amount);
            return checked / 1000.0;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": '" + value + "' (expected: a number >= 0)", e);
        }
    }

    private static Ranges ranges(String name, String value) {
        if (!value.endsWith("]") || KNOWN_SCALARS.contains(name)) {
            throw new IllegalArgumentException(name + ": '" + value + "' (expected: "
                    + (KNOWN_SCALARS.contains(name) ? "a number" : "ranges, such as [31000-32000, 33000-33010]") + ")");
        }
        List<Ranges.Range> list = new ArrayList<>();
        String inner = value.substring(1, value.length() - 1);
        for (String part : inner.split(",", -1)) {
            if (part.isBlank()) {
                continue;
            }
            Matcher range = RANGE.matcher(part.strip());
            if (!range.matches()) {
                throw new IllegalArgumentException(
                        name + ": '" + part.strip() + "' (expected: from-to, such as 31000-32000)");
            }
            list.add(range(name, Long.parseLong(range.group(1)), Long.parseLong(range.group(2))));
        }
        return new Ranges(list);
    }

    private static Ranges.Range range(String name, long begin, long end) {
        boolean ports = name.equals(Resources.PORTS);
        if (begin > end || (ports && (begin < 1 || end > 65535))) {
            throw new IllegalArgumentException(name + ": '" + begin + "-" + end + "' (expected: from <= to"
                    + (ports ? ", within 1-65535" : "") + ")");
        }
        return new Ranges.Range(begin, end);
    }

    private static Written fromJson(String text) {
        JsonNode array;
        try {
            array = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "not JSON: " + e.getOriginalMessage() + " (expected: Mesos' text or JSON form)", e);
        }
        Written written = new Written(Resources.EMPTY, List.of());
        for (JsonNode entry : array) {
            String name = entry.path("name").asText("");
            check(name, entry.path("role").asText("*"), written);
            String type = entry.path("type").asText("");
            if (type.equals("SCALAR") && entry.path("scalar").path("value").isNumber()) {
                written = with(
                        written,
                        name,
                        scalar(name, entry.path("scalar").path("value").asText()));
            } else if (type.equals("RANGES")
                    && entry.path("ranges").path("range").isArray()) {
                List<Ranges.Range> list = new ArrayList<>();
                for (JsonNode range : entry.path("ranges").path("range")) {
                    list.add(range(
                            name,
                            range.path("begin").asLong(-1),
                            range.path("end").asLong(-2)));
                }
                written = with(written, name, new Ranges(list));
            } else {
                throw new IllegalArgumentException(
                        name + ": " + entry
                                + " (expected: \"type\":\"SCALAR\" with scalar.value or \"type\":\"RANGES\" with ranges.range)");
            }
        }
        return written;
    }

    private static Written with(Written written, String name, double amount) {
        return new Written(written.resources().withScalar(name, amount), named(written, name));
    }

    private static Written with(Written written, String name, Ranges set) {
        return new Written(written.resources().withRanges(name, set), named(written, name));
    }

    private static List<String> named(Written written, String name) {
        List<String> names = new ArrayList<>(written.names());
        names.add(name);
        return names;
    }
}
