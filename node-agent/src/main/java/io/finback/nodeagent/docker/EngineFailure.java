package io.finback.nodeagent.docker;

import java.io.IOException;

/** The engine refused something, or could not be asked; the message is for people. */
final class EngineFailure extends IOException {
    private static final long serialVersionUID = 1L;

    /** The status of an engine that could not be asked. */
    static final int UNREACHABLE = 0;

    private final int status;

    EngineFailure(int status, String message) {
        super(message);
        this.status = status;
    }

    EngineFailure(String message, Throwable cause) {
        super(message, cause);
        this.status = UNREACHABLE;
    }

    /** True when there is no such thing, as opposed to no answer. */
    boolean isMissing() {
        return status == 404;
    }

    /** True when the engine could not be asked, or is not itself: asking again may help. */
    boolean isTransient() {
        return status == UNREACHABLE || status >= 500;
    }

    int status() {
        return status;
    }
}
