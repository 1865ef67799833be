package io.finback.nodeagent.fetch;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends a fetch from another thread: closes what it is waiting for. Thread-safe; once cancelled, for ever. */
final class Cancellation {
    private static final Logger log = LoggerFactory.getLogger(Cancellation.class);

    private final List<Closeable> open = new ArrayList<>();
    private boolean cancelled;

    /** To be closed when the fetch is cancelled; at once if it was. */
    void add(Closeable resource) {
        synchronized (this) {
            if (!cancelled) {
                open.add(resource);
                return;
            }
        }
        close(resource);
    }

    synchronized void remove(Closeable resource) {
        open.remove(resource);
    }

    void cancel() {
        List<Closeable> all;
        synchronized (this) {
            cancelled = true;
            all = List.copyOf(open);
            open.clear();
        }
        all.forEach(Cancellation::close);
    }

    synchronized boolean isCancelled() {
        return cancelled;
    }

    private static void close(Closeable resource) {
        try {
            resource.close();
        } catch (IOException e) {
            log.debug("fetch.cancel_close reason={}", e.toString());
        }
    }
}
