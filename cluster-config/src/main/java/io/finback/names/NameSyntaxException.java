package io.finback.names;

/** A path or dtab that does not parse; the message names the text, the position and what was expected. */
public final class NameSyntaxException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    NameSyntaxException(String message) {
        super(message);
    }
}
