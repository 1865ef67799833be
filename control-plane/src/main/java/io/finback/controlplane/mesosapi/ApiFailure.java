package io.finback.controlplane.mesosapi;

/** A refusal, as text with its status, in the way Mesos answers. Expected, so without a stack trace. */
final class ApiFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;

    private ApiFailure(int status, String message) {
        super(message, null, false, false);
        this.status = status;
    }

    static ApiFailure of(int status, String message) {
        return new ApiFailure(status, message);
    }

    static ApiFailure badRequest(String message) {
        return new ApiFailure(400, message);
    }

    /** Does {@code work}; what it refuses as a wrong argument is a bad request. */
    static void checked(Runnable work) {
        try {
            work.run();
        } catch (IllegalArgumentException e) {
            throw badRequest(String.valueOf(e.getMessage()));
        }
    }

    int status() {
        return status;
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
