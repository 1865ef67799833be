package io.finback.cli.check;

/**
 * One thing that was looked at.
 *
 * @param subject a word or two, such as {@code disk}
 * @param text what was found, with value and expectation
 * @param remedy what would help; empty when nothing has to
 */
public record Finding(Level level, String subject, String text, String remedy) {
    /** How bad it is. Only {@link #FAIL} makes {@code finback check} end with 1. */
    public enum Level {
        OK,
        WARN,
        FAIL
    }

    static Finding ok(String subject, String text) {
        return new Finding(Level.OK, subject, text, "");
    }

    static Finding warn(String subject, String text, String remedy) {
        return new Finding(Level.WARN, subject, text, remedy);
    }

    static Finding fail(String subject, String text, String remedy) {
        return new Finding(Level.FAIL, subject, text, remedy);
    }

    /** One line, such as {@code FAIL disk: …}; a second, indented one with the remedy. */
    public String shown() {
        String line = String.format("%-4s %s: %s", level == Level.OK ? "ok" : level.name(), subject, text);
        return remedy.isEmpty() ? line : line + "\n       -> " + remedy;
    }
}
