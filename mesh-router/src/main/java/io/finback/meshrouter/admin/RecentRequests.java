package io.finback.meshrouter.admin;

import io.finback.meshrouter.traffic.AccessLog;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/** The latest requests, for {@code /requests}. Thread-safe. Source: linkerd/linkerd telemetry/recent-requests. */
public final class RecentRequests implements AccessLog {
    private final int capacity;
    private final double rate;
    private final ArrayDeque<Entry> latest;

    /** {@code rate} of requests is kept, 0..1. */
    public RecentRequests(int capacity, double rate) {
        this.capacity = capacity;
        this.rate = rate;
        this.latest = new ArrayDeque<>(capacity);
    }

    @Override
    public void log(Entry entry) {
        if (rate < 1 && ThreadLocalRandom.current().nextDouble() >= rate) {
            return;
        }
        synchronized (latest) {
            if (latest.size() == capacity) {
                latest.removeLast();
            }
            latest.addFirst(entry);
        }
    }

    /** The newest first, as JSON values. */
    List<Map<String, Object>> show() {
        synchronized (latest) {
            return latest.stream().map(RecentRequests::show).toList();
        }
    }

    private static Map<String, Object> show(Entry entry) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("timestamp", entry.epochMillis());
        out.put("source", entry.remote());
        out.put("method", entry.method());
        out.put("uri", entry.uri());
        out.put("status", entry.status());
        out.put("bytes", entry.bytes());
        return out;
    }
}
