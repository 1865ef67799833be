package io.finback.resources;

/** The one rule every id obeys: short enough for a file name, printable, and never a path. Source: Mesos' id checks. */
final class Ids {
    private static final int MAX_LENGTH = 255;

    private Ids() {}

    static void check(String kind, String value) {
        if (value.isEmpty() || value.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    kind + ": " + value.length() + " characters (expected: 1 to " + MAX_LENGTH + ")");
        }
        if (value.equals(".") || value.equals("..")) {
            throw new IllegalArgumentException(kind + ": '" + value + "' (expected: a name that is no path)");
        }
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '/' || c < ' ' || c == 127) {
                throw new IllegalArgumentException(
                        kind + ": character " + (int) c + " at " + i + " (expected: printable, no '/')");
            }
        }
    }
}
