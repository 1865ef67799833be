package io.finback.meshrouter.relay;

import io.finback.meshrouter.traffic.Traces;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/** The headers of a request of HTTP/2, as traces read and write them. */
record H2TraceHead(Http2Headers headers) implements Traces.Head {
    @Override
    public @Nullable String get(String name) {
        CharSequence value = headers.get(name);
        return value == null ? null : value.toString();
    }

    @Override
    public void set(String name, String value) {
        headers.set(name, value);
    }

    @Override
    public void remove(String name) {
        headers.remove(name);
    }
}
