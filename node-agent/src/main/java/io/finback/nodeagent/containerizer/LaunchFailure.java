package io.finback.nodeagent.containerizer;

/** A task could not be started; the message is for people. Nothing of it runs. */
public final class LaunchFailure extends Exception {
    private static final long serialVersionUID = 1L;

    public LaunchFailure(String message) {
        super(message);
    }

    public LaunchFailure(String message, Throwable cause) {
        super(message + ": " + cause.getMessage(), cause);
    }
}
