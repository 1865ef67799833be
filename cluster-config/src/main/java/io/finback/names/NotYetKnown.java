package io.finback.names;

/**
 * What a name means has not been heard yet: ask again after a change. Finagle's {@code Activity.Pending}. Without a stack, because it is an
 * everyday answer.
 */
public final class NotYetKnown extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** {@code what}: whose answer is awaited, such as {@code consul web in dc1}. */
    public NotYetKnown(String what) {
        super(what, null, false, false);
    }
}
