package io.finback.meshrouter.traffic;

/** Is told of every answered request. Called on event loops: never blocks. */
@FunctionalInterface
public interface AccessLog {
    void log(Entry entry);

    /**
     * One request.
     *
     * @param remote the client's IP
     * @param epochMillis when it was read
     * @param status 0 when the client was gone before an answer
     * @param bytes of the body sent
     * @param referer empty when there was none; {@code userAgent} likewise
     */
    record Entry(
            String remote,
            long epochMillis,
            String method,
            String uri,
            String version,
            int status,
            long bytes,
            String referer,
            String userAgent) {}
}
