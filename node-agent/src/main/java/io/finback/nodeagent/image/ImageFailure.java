package io.finback.nodeagent.image;

/** An image cannot be had, or is not what it should be; the message is for people and names the image or the file. */
public final class ImageFailure extends Exception {
    private static final long serialVersionUID = 1L;

    public ImageFailure(String message) {
        super(message);
    }

    public ImageFailure(String message, Throwable cause) {
        super(message + ": " + (cause.getMessage() == null ? cause.toString() : cause.getMessage()), cause);
    }
}
