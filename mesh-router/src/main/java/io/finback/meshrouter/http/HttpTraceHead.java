package io.finback.meshrouter.http;

import io.finback.meshrouter.traffic.Traces;
import io.netty.handler.codec.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/** The headers of a request, as traces read and write them. */
record HttpTraceHead(HttpHeaders headers) implements Traces.Head {
    @Override
    public @Nullable String get(String name) {
        return headers.get(name);
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
