package io.finback.names;

/** A name whose delegation does not end: too deep, or more steps than the limit. Not the same as Neg: nothing falls back from it. */
public final class NamingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NamingException(String message) {
        super(message);
    }
}
