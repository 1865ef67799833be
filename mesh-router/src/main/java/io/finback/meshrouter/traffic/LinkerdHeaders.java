package io.finback.meshrouter.traffic;

import io.netty.util.AsciiString;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Linkerd's headers, in the form that is compared and written fastest. Source: linkerd/linkerd LinkerdHeaders.scala. */
public final class LinkerdHeaders {
    /** The request's own dtab, and what it has gathered on its way. */
    public static final AsciiString DTAB = AsciiString.cached("l5d-dtab");

    public static final AsciiString CTX_DTAB = AsciiString.cached("l5d-ctx-dtab");
    public static final AsciiString NAME = AsciiString.cached("l5d-name");
    public static final AsciiString CTX_DEADLINE = AsciiString.cached("l5d-ctx-deadline");
    public static final AsciiString CTX_TRACE = AsciiString.cached("l5d-ctx-trace");
    public static final AsciiString REQUEST_ID = AsciiString.cached("l5d-reqid");
    public static final AsciiString SAMPLE = AsciiString.cached("l5d-sample");
    public static final AsciiString SERVICE = AsciiString.cached("l5d-dst-service");
    public static final AsciiString CLIENT = AsciiString.cached("l5d-dst-client");
    public static final AsciiString RESIDUAL = AsciiString.cached("l5d-dst-residual");
    public static final AsciiString RETRYABLE = AsciiString.cached("l5d-retryable");
    public static final AsciiString ERROR = AsciiString.cached("l5d-err");
    /** Finagle's: the request was not looked at. */
    public static final AsciiString NACK = AsciiString.cached("finagle-http-nack");

    private LinkerdHeaders() {}

    /**
     * What {@code l5d-ctx-deadline} says until when an answer is wanted: the earlier of ours and the one the request came with. Nanoseconds
     * since 1970, the moment it was set first. Source: linkerd/linkerd LinkerdHeaders.scala, twitter/finagle Deadline.scala.
     */
    public static String deadline(@Nullable String before, long nowMillis, Duration limit) {
        long now = nowMillis * 1_000_000;
        long deadline = now + limit.toNanos();
        if (before != null) {
            int space = before.indexOf(' ');
            try {
                deadline = Math.min(deadline, Long.parseLong(before.substring(space + 1)));
                now = Math.max(now, Long.parseLong(before.substring(0, Math.max(0, space))));
            } catch (NumberFormatException e) {
                deadline = nowMillis * 1_000_000 + limit.toNanos();
            }
        }
        return now + " " + deadline;
    }
}
