package io.finback.meshrouter.http;

import io.finback.meshrouter.traffic.LinkerdHeaders;
import io.finback.meshrouter.traffic.RequestHead;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request of HTTP/1.x, as routing looks at it. */
record HttpHead(HttpRequest request) implements RequestHead {
    @Override
    public String method() {
        return request.method().name();
    }

    @Override
    public String target() {
        return request.uri();
    }

    @Override
    public void retarget(String target) {
        request.setUri(target);
    }

    @Override
    public String version() {
        return HttpRules.isHttp10(request) ? "1.0" : "1.1";
    }

    @Override
    public @Nullable String header(CharSequence name) {
        return request.headers().get(name);
    }

    @Override
    public String localDtab() {
        HttpHeaders headers = request.headers();
        if (!headers.contains(LinkerdHeaders.DTAB) && !headers.contains(LinkerdHeaders.CTX_DTAB)) {
            return "";
        }
        List<String> all = new ArrayList<>(headers.getAll(LinkerdHeaders.CTX_DTAB));
        all.addAll(headers.getAll(LinkerdHeaders.DTAB));
        return String.join(";", all);
    }

    @Override
    public String destination() {
        return "";
    }
}
