package io.finback.controlplane.chronosapi;

/** An answer that is no success, found while a request is read. Never leaves the room; carries no stack trace. */
final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;

    Failure(int status, String message) {
        super(message, null, false, false);
        this.status = status;
    }

    /** Chronos' code for everything a client did wrong, an unknown job included. */
    static Failure bad(String message) {
        return new Failure(400, message);
    }

    static Failure noJob(String name) {
        return bad("Job '" + name + "' not found");
    }

    static Failure forbidden() {
        return new Failure(403, "not allowed to do this to this job");
    }

    int status() {
        return status;
    }
}
