package io.finback.meshrouter.traffic;

import java.time.Duration;

/**
 * How much of a stream is held back so that its request can be made again. Source: {@code retryBufferSize} and {@code
 * classificationTimeoutMs} of Linkerd's h2 services.
 *
 * @param requestBytes of a request that are kept to be sent again; a longer one is not repeated
 * @param responseBytes of a response that are held back until its end decides; a longer one is passed on as it is
 * @param classification how long is waited for that end, from the response's head on
 */
public record StreamRetries(int requestBytes, int responseBytes, Duration classification) {
    public StreamRetries {
        if (requestBytes < 0 || responseBytes < 0) {
            throw new IllegalArgumentException(
                    "retryBufferSize: " + requestBytes + ", " + responseBytes + " (expected: >= 0)");
        }
    }
}
