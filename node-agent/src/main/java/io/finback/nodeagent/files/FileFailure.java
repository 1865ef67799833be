package io.finback.nodeagent.files;

/** A file cannot be shown; the message is for people. */
public final class FileFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean missing;

    private FileFailure(boolean missing, String message) {
        super(message);
        this.missing = missing;
    }

    static FileFailure missing(String path) {
        return new FileFailure(true, "'" + path + "': no such file in a sandbox");
    }

    /** The question was wrong. */
    public static FileFailure invalid(String message) {
        return new FileFailure(false, message);
    }

    /** There is no such file, or none that may be shown; else the question was wrong. */
    public boolean isMissing() {
        return missing;
    }
}
