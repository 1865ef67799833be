package io.finback.meshrouter.rpc;

/** Whether a service should be called, from best to worst. */
public enum Status {
    OPEN,
    /** Not now: it may be open again. */
    BUSY,
    /** Never again. */
    CLOSED;

    public static Status worst(Status a, Status b) {
        return a.compareTo(b) >= 0 ? a : b;
    }

    public static Status best(Status a, Status b) {
        return a.compareTo(b) <= 0 ? a : b;
    }
}
