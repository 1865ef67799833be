package io.finback.settings;

/** A password or token. Its text is had by {@link #reveal()} alone, so that no log line and no record prints it. Immutable. */
public final class Secret {
    public static final Secret EMPTY = new Secret("");

    private final String text;

    private Secret(String text) {
        this.text = text;
    }

    public static Secret of(String text) {
        return text.isEmpty() ? EMPTY : new Secret(text);
    }

    public String reveal() {
        return text;
    }

    public boolean isEmpty() {
        return text.isEmpty();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Secret secret && secret.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text.isEmpty() ? "(none)" : "(hidden)";
    }
}
