package io.finback.meshrouter.traffic;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * An answer of the router's own, in Linkerd's form: the reason as text body and URL-encoded in {@code l5d-err}. Source:
 * linkerd/linkerd ErrorResponder.scala.
 *
 * @param retryAfter whether it says {@code Retry-After: 1}: our own limits and waits, which pass
 * @param nack whether it says, in Finagle's way, that the request was not looked at and may be made again at once
 * @param unidentified whether no identifier has known the request, which HTTP/2 says in another way
 */
public record ErrorAnswer(int status, String reason, boolean retryAfter, boolean nack, boolean unidentified) {
    private static final int MAX_HEADER_VALUE = 8 * 1024;

    public ErrorAnswer(int status, String reason, boolean retryAfter) {
        this(status, reason, retryAfter, false, false);
    }

    /** No identifier knows where it is to go. */
    public static ErrorAnswer unidentified(String reason) {
        return new ErrorAnswer(400, reason, false, false, true);
    }

    public static ErrorAnswer badRequest(String reason) {
        return new ErrorAnswer(400, reason, false);
    }

    /** The name has no instances that could be called. */
    public static ErrorAnswer noBrokers(String name, String why) {
        return new ErrorAnswer(
                502, "Unable to route request!\n\nservice name: " + name + "\nreason: " + why + "\n", false);
    }

    public static ErrorAnswer badGateway(String reason) {
        return new ErrorAnswer(502, reason, false);
    }

    public static ErrorAnswer unavailable(String reason) {
        return new ErrorAnswer(503, reason, true);
    }

    /** Too much at once: nothing was done. */
    public static ErrorAnswer nack(String reason) {
        return new ErrorAnswer(503, reason, false, true, false);
    }

    /** The reason as {@code l5d-err} has it: URL-encoded, at most 8 KiB. */
    public String encoded() {
        String text = URLEncoder.encode(reason, StandardCharsets.UTF_8);
        if (text.length() <= MAX_HEADER_VALUE) {
            return text;
        }
        int cut = text.lastIndexOf('%', MAX_HEADER_VALUE);
        return text.substring(0, cut > MAX_HEADER_VALUE - 3 ? cut : MAX_HEADER_VALUE);
    }
}
