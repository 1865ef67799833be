package io.finback.names;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A pattern for the beginning of paths: elements are literal, {@code *} (any one element), or texts with captures, such as {@code {zk}} or
 * {@code {a}-{b}}. Captures are greedy and may be empty. A path shorter than the pattern does not match. Immutable. Source: linkerd/linkerd
 * PathMatcher.scala.
 */
public final class PathPattern {
    private static final Pattern CAPTURE = Pattern.compile("\\{([^{}]*)\\}");

    /** One element: {@code regex} over the whole of it, with a group per name. */
    private record Element(Pattern regex, List<String> names) {}

    /**
     * What a path gave.
     *
     * @param captures texts by name
     * @param rest the path behind the pattern
     */
    public record Match(Map<String, String> captures, Path rest) {}

    private final String text;
    private final List<Element> elements;

    private PathPattern(String text, List<Element> elements) {
        this.text = text;
        this.elements = List.copyOf(elements);
    }

    /** Throws IllegalArgumentException naming the element that is wrong. {@code /} matches everything. */
    public static PathPattern parse(String text) {
        if (!text.startsWith("/")) {
            throw new IllegalArgumentException("'" + text + "' (expected: a path such as /#/io.l5d.fs/{service})");
        }
        List<Element> elements = new ArrayList<>();
        for (String element : text.substring(1).split("/", -1)) {
            if (!element.isEmpty()) {
                elements.add(element(text, element));
            } else if (text.length() > 1) {
                throw new IllegalArgumentException("'" + text + "' has an empty element (expected: none)");
            }
        }
        return new PathPattern(text, elements);
    }

    private static Element element(String text, String element) {
        if (element.equals("*")) {
            return new Element(Pattern.compile(".*", Pattern.DOTALL), List.of());
        }
        StringBuilder regex = new StringBuilder();
        List<String> names = new ArrayList<>();
        Matcher captures = CAPTURE.matcher(element);
        int at = 0;
        while (captures.find()) {
            if (captures.group(1).isEmpty()) {
                throw new IllegalArgumentException("'" + text + "' has a capture without a name (expected: {name})");
            }
            regex.append(Pattern.quote(element.substring(at, captures.start()))).append("(.*)");
            names.add(captures.group(1));
            at = captures.end();
        }
        regex.append(Pattern.quote(element.substring(at)));
        return new Element(Pattern.compile(regex.toString(), Pattern.DOTALL), names);
    }

    public Optional<Match> match(Path path) {
        if (path.size() < elements.size()) {
            return Optional.empty();
        }
        Map<String, String> captures = new LinkedHashMap<>();
        for (int i = 0; i < elements.size(); i++) {
            Element element = elements.get(i);
            Matcher matcher = element.regex().matcher(path.elements().get(i));
            if (!matcher.matches()) {
                return Optional.empty();
            }
            for (int g = 0; g < element.names().size(); g++) {
                captures.put(element.names().get(g), matcher.group(g + 1));
            }
        }
        return Optional.of(new Match(Map.copyOf(captures), path.drop(elements.size())));
    }

    /** {@code template} with every {@code {name}} replaced by its capture; one that was not captured stays as it is. */
    public static String interpolate(String template, Map<String, String> captures) {
        return CAPTURE.matcher(template)
                .replaceAll(found -> Matcher.quoteReplacement(captures.getOrDefault(found.group(1), found.group())));
    }

    @Override
    public String toString() {
        return text;
    }
}
