package io.finback.meshrouter.rpc.h2;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * A request or a response.
 *
 * @param headers with the pseudo-headers; names in small letters
 */
public record H2Message(Http2Headers headers, Body body) {
    public static H2Message request(String method, String authority, String path, Body body) {
        return new H2Message(
                new DefaultHttp2Headers()
                        .method(method)
                        .scheme("http")
                        .authority(authority)
                        .path(path),
                body);
    }

    public static H2Message response(int status, Body body) {
        return new H2Message(new DefaultHttp2Headers().status(Integer.toString(status)), body);
    }

    /** A response's; 0 of a request. */
    public int status() {
        CharSequence status = headers.status();
        try {
            return status == null ? 0 : Integer.parseInt(status.toString());
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
