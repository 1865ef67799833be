package io.finback.tracing;

import java.io.IOException;
import java.util.List;

/** A way to one collector. Used by one thread at a time, which may block. */
public interface SpanExport extends AutoCloseable {
    /** Sends them all and returns when the collector has them. */
    void send(List<Span> spans) throws IOException;

    /** Never blocks for longer than a second. */
    @Override
    void close();

    /** The collector has them not, and will not take them when they are sent again. */
    final class Refused extends IOException {
        private static final long serialVersionUID = 1;

        public Refused(String message) {
            super(message);
        }
    }
}
