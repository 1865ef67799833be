package io.finback.names;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A name: a list of non-empty elements, each a string of bytes. Elements are kept as Latin-1 strings (one char per byte, 0..255), so
 * any byte survives {@link #parse} and {@link #show}. Source: twitter/finagle Path.scala.
 */
public record Path(List<String> elements) {
    public static final Path EMPTY = new Path(List.of());

    public Path {
        elements = List.copyOf(elements);
        for (String element : elements) {
            if (element.isEmpty()) {
                throw new IllegalArgumentException("path: an empty element in " + elements + " (expected: none)");
            }
        }
    }

    /** A path of elements given as text; characters beyond ASCII become their UTF-8 bytes. */
    public static Path of(String... elements) {
        List<String> bytes = new ArrayList<>(elements.length);
        for (String element : elements) {
            bytes.add(new String(element.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
        }
        return new Path(bytes);
    }

    /** Reads {@code /a/b}, with {@code \xNN} for bytes that cannot be shown. Throws {@link NameSyntaxException} with the position. */
    public static Path parse(String text) {
        Scanner scanner = new Scanner(text);
        Path path = scanner.path();
        scanner.expectEnd();
        return path;
    }

    public int size() {
        return elements.size();
    }

    public boolean isEmpty() {
        return elements.isEmpty();
    }

    public Path concat(Path tail) {
        if (tail.isEmpty()) {
            return this;
        }
        List<String> all = new ArrayList<>(elements);
        all.addAll(tail.elements);
        return new Path(all);
    }

    public boolean startsWith(Path prefix) {
        return prefix.size() <= size() && elements.subList(0, prefix.size()).equals(prefix.elements);
    }

    public Path take(int n) {
        return new Path(elements.subList(0, Math.min(n, size())));
    }

    public Path drop(int n) {
        return new Path(elements.subList(Math.min(n, size()), size()));
    }

    /** The text that {@link #parse} reads back; an element with any byte that cannot be shown is written wholly in hex. */
    public String show() {
        if (elements.isEmpty()) {
            return "/";
        }
        StringBuilder out = new StringBuilder();
        for (String element : elements) {
            out.append('/');
            showElement(element, out);
        }
        return out.toString();
    }

    @Override
    public String toString() {
        return show();
    }

    static void showElement(String element, StringBuilder out) {
        if (element.chars().allMatch(c -> isShowable((char) c))) {
            out.append(element);
            return;
        }
        for (int i = 0; i < element.length(); i++) {
            out.append(String.format("\\x%02x", (int) element.charAt(i)));
        }
    }

    static boolean isShowable(char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || "_:.#$%-".indexOf(c) >= 0;
    }
}
