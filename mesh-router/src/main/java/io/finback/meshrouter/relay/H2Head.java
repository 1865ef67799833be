package io.finback.meshrouter.relay;

import io.finback.meshrouter.traffic.LinkerdHeaders;
import io.finback.meshrouter.traffic.RequestHead;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request of HTTP/2, as routing looks at it; {@code Host} is the authority where there is one. */
record H2Head(Http2Headers headers) implements RequestHead {
    private static final AsciiString HOST = AsciiString.cached("host");

    private static String text(@Nullable CharSequence value) {
        return value == null ? "" : value.toString();
    }

    @Override
    public String method() {
        return text(headers.method());
    }

    @Override
    public String target() {
        return text(headers.path());
    }

    @Override
    public void retarget(String target) {
        headers.path(target);
    }

    @Override
    public String version() {
        return "2.0";
    }

    @Override
    public @Nullable String header(CharSequence name) {
        AsciiString small = AsciiString.of(name).toLowerCase();
        CharSequence value =
                small.equals(HOST) && headers.authority() != null ? headers.authority() : headers.get(small);
        return value == null ? null : value.toString();
    }

    @Override
    public String localDtab() {
        if (!headers.contains(LinkerdHeaders.DTAB) && !headers.contains(LinkerdHeaders.CTX_DTAB)) {
            return "";
        }
        List<CharSequence> all = new ArrayList<>(headers.getAll(LinkerdHeaders.CTX_DTAB));
        all.addAll(headers.getAll(LinkerdHeaders.DTAB));
        return String.join(";", all);
    }

    @Override
    public String destination() {
        return "";
    }
}
