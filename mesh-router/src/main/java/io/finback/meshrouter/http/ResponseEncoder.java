package io.finback.meshrouter.http;

import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;

/** Writes responses; one to a HEAD request ends with its head, whatever its length says. */
final class ResponseEncoder extends HttpResponseEncoder {
    private boolean head;

    void answering(boolean isHead) {
        head = isHead;
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpResponse response) {
        return (head && response.status().code() >= 200) || super.isContentAlwaysEmpty(response);
    }
}
