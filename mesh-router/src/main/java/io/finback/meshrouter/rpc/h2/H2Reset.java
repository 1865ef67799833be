package io.finback.meshrouter.rpc.h2;

import io.finback.meshrouter.rpc.Failure;

/** The other side has reset the stream. */
public final class H2Reset extends Failure {
    private static final long serialVersionUID = 1L;

    private final long code;

    H2Reset(String message, long code, long flags) {
        super(message, flags);
        this.code = code;
    }

    /** What RST_STREAM said. Source: RFC 9113, section 7. */
    public long code() {
        return code;
    }

    @Override
    public Failure flagged(long other) {
        return other == flags() ? this : new H2Reset(String.valueOf(getMessage()), code, other);
    }
}
