package io.finback.controlplane.allocator;

/** Why an operator's command was not carried out. Nothing was changed. */
public record Refusal(Why why, String message) {
    /** In HTTP: 400, 404, 409, 409, 503. */
    public enum Why {
        INVALID,
        NOT_FOUND,
        CONFLICT,
        /** The agent does not have what the command is about, free or not. */
        ABSENT,
        UNAVAILABLE
    }

    static Refusal invalid(String message) {
        return new Refusal(Why.INVALID, message);
    }

    static Refusal conflict(String message) {
        return new Refusal(Why.CONFLICT, message);
    }
}
