package io.finback.nodeagent.files;

/** A file cannot be shown; the message is for people. */
public final class FileFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;

    private FileFailure(int status, String message) {
        super(message);
        this.status = status;
    }

    static FileFailure missing(String path) {
        return new FileFailure(404, "'" + path + "': no such file in a sandbox");
    }

    static FileFailure forbidden(String path) {
        return new FileFailure(403, "'" + path + "': not allowed to look into it");
    }

    /** The question was wrong. */
    public static FileFailure invalid(String message) {
        return new FileFailure(400, message);
    }

    /** 404: there is no such file, or none that is shown to anybody; 403: who asks may not look into it; 400: the question was wrong. */
    public int status() {
        return status;
    }
}
