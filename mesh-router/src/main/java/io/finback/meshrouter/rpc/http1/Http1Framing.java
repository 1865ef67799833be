package io.finback.meshrouter.rpc.http1;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import java.util.List;
import java.util.Optional;

/** Where a message ends. What two readers could read differently is refused, never repaired (RFC 9112 sections 6.1, 6.3 and 11.2). Pure. */
public final class Http1Framing {
    private static final int MAX_LENGTH_DIGITS = 18;

    private Http1Framing() {}

    /** Why a request's framing cannot be trusted, if so. */
    public static Optional<String> refusal(HttpRequest head) {
        HttpHeaders headers = head.headers();
        if (!headers.contains(HttpHeaderNames.TRANSFER_ENCODING) && !headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
            return Optional.empty();
        }
        List<String> encodings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
        List<String> lengths = headers.getAll(HttpHeaderNames.CONTENT_LENGTH);
        if (!encodings.isEmpty() && !lengths.isEmpty()) {
            return Optional.of("Transfer-Encoding and Content-Length together (expected: one of them)");
        }
        if (encodings.size() > 1
                || (!encodings.isEmpty() && !encodings.get(0).trim().equalsIgnoreCase("chunked"))) {
            return Optional.of("Transfer-Encoding: " + encodings + " (expected: chunked)");
        }
        if (!encodings.isEmpty() && head.protocolVersion().compareTo(HttpVersion.HTTP_1_1) < 0) {
            return Optional.of("Transfer-Encoding: chunked in an HTTP/1.0 request (expected: Content-Length)");
        }
        if (lengths.size() > 1) {
            return Optional.of("Content-Length: " + lengths.size() + " headers (expected: one)");
        }
        if (!lengths.isEmpty() && !isLength(lengths.get(0))) {
            return Optional.of("Content-Length: (expected: at most " + MAX_LENGTH_DIGITS + " digits)");
        }
        return Optional.empty();
    }

    /** Why a response's status or framing cannot be read, if so. */
    public static Optional<Throwable> unreadable(HttpResponse response) {
        if (response.decoderResult().isFailure()) {
            return Optional.of(response.decoderResult().cause());
        }
        int status = response.status().code();
        if (status < 100 || status > 999) {
            return Optional.of(new IllegalArgumentException("status: " + status + " (expected: 100..999)"));
        }
        if (!response.headers().contains(HttpHeaderNames.TRANSFER_ENCODING)) {
            return Optional.empty();
        }
        for (String encoding : response.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING)) {
            if (!encoding.trim().equalsIgnoreCase("chunked") && !encoding.trim().equalsIgnoreCase("identity")) {
                return Optional.of(
                        new IllegalArgumentException("Transfer-Encoding: " + encoding + " (expected: chunked)"));
            }
        }
        return Optional.empty();
    }

    static boolean isLength(String text) {
        return !text.isEmpty()
                && text.length() <= MAX_LENGTH_DIGITS
                && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
