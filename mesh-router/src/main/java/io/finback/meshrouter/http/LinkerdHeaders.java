package io.finback.meshrouter.http;

import io.netty.util.AsciiString;

/** Linkerd's headers, in the form that is compared and written fastest. Source: linkerd/linkerd LinkerdHeaders.scala. */
public final class LinkerdHeaders {
    /** The request's own dtab, and what it has gathered on its way. */
    public static final AsciiString DTAB = AsciiString.cached("l5d-dtab");

    public static final AsciiString CTX_DTAB = AsciiString.cached("l5d-ctx-dtab");
    public static final AsciiString NAME = AsciiString.cached("l5d-name");
    static final AsciiString CTX_DEADLINE = AsciiString.cached("l5d-ctx-deadline");
    static final AsciiString CTX_TRACE = AsciiString.cached("l5d-ctx-trace");
    static final AsciiString REQUEST_ID = AsciiString.cached("l5d-reqid");
    static final AsciiString SAMPLE = AsciiString.cached("l5d-sample");
    static final AsciiString SERVICE = AsciiString.cached("l5d-dst-service");
    static final AsciiString CLIENT = AsciiString.cached("l5d-dst-client");
    static final AsciiString RESIDUAL = AsciiString.cached("l5d-dst-residual");
    static final AsciiString RETRYABLE = AsciiString.cached("l5d-retryable");
    static final AsciiString ERROR = AsciiString.cached("l5d-err");
    /** Finagle's: the request was not looked at. */
    static final AsciiString NACK = AsciiString.cached("finagle-http-nack");

    private LinkerdHeaders() {}
}
