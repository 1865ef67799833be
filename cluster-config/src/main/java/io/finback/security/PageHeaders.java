package io.finback.security;

import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.headers.RawHeader;
import java.util.List;

/**
 * What goes with every file of a page of ours: nothing is loaded from elsewhere, nothing written into a page runs, no other site frames it or
 * reads it, and a browser asks every time whether what it has is still right. Source: W3C Content Security Policy 3, Trusted Types.
 */
public final class PageHeaders {
    public static final List<HttpHeader> ALWAYS = List.of(
            RawHeader.create("Cache-Control", "no-cache"),
            RawHeader.create("X-Content-Type-Options", "nosniff"),
            RawHeader.create("X-Frame-Options", "DENY"),
            RawHeader.create("Referrer-Policy", "no-referrer"),
            RawHeader.create("Cross-Origin-Opener-Policy", "same-origin"),
            RawHeader.create("Cross-Origin-Resource-Policy", "same-origin"),
            RawHeader.create(
                    "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                            + " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
                            + " require-trusted-types-for 'script'; trusted-types 'none'"));

    private PageHeaders() {}
}
