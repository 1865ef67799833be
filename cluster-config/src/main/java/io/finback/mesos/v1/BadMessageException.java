package io.finback.mesos.v1;

/** A body that is not the message it should be. The message names the field, its value and what was expected; safe to show. */
public final class BadMessageException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean tooLarge;

    private BadMessageException(String message, boolean tooLarge) {
        super(message, null, false, false);
        this.tooLarge = tooLarge;
    }

    static BadMessageException of(String message) {
        return new BadMessageException(message, false);
    }

    static BadMessageException tooLarge(String message) {
        return new BadMessageException(message, true);
    }

    /** Whether it is a limit of ours that it breaks, not the format. */
    public boolean isTooLarge() {
        return tooLarge;
    }

    /** What the exception says, never null. */
    public String reason() {
        return String.valueOf(getMessage());
    }
}
