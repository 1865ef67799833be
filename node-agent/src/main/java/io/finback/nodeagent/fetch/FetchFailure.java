package io.finback.nodeagent.fetch;

import java.io.IOException;

/** What a task's URI names could not be brought; the message is for people and names the URI. The task must not start. */
public final class FetchFailure extends IOException {
    private static final long serialVersionUID = 1L;

    FetchFailure(String uri, String why) {
        super(uri + ": " + why);
    }

    FetchFailure(String uri, IOException cause) {
        super(uri + ": " + reason(cause), cause);
    }

    private static String reason(IOException cause) {
        String message = cause.getMessage();
        String name = cause.getClass().getSimpleName();
        return message == null ? name : cause.getClass() == IOException.class ? message : name + ": " + message;
    }
}
