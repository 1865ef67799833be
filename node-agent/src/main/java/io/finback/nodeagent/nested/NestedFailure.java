package io.finback.nodeagent.nested;

/** What was asked of a nested container cannot be; for people. */
public final class NestedFailure extends Exception {
    private static final long serialVersionUID = 1L;

    /** What kind of failure it is. */
    public enum Kind {
        /** Another of this name has ended and is not removed. */
        NAME_TAKEN,
        /** There are as many as there may be. */
        FULL,
        /** What it was to be in is gone. */
        PARENT_GONE,
        /** It cannot be started; asking again the same way is no use. */
        NOT_STARTED,
        /** It runs. */
        NOT_ENDED,
        /** The machine refuses. */
        BROKEN
    }

    private final Kind kind;

    NestedFailure(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
