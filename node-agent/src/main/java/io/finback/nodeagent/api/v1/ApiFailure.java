package io.finback.nodeagent.api.v1;

/** A call that is answered with a status and a line of text, as Mesos does. */
final class ApiFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;

    ApiFailure(int status, String text) {
        super(text, null, false, false);
        this.status = status;
    }

    int status() {
        return status;
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
