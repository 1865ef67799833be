package io.finback.controlplane.mesosapi.subscribe;

import java.net.InetAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts the open connections of a port, all of them and those of each client's address, and says who may not come in. Thread-safe. */
public final class Gate {
    private static final Logger log = LoggerFactory.getLogger(Gate.class);
    /** Between two lines about what is refused. */
    private static final long QUIET_NANOS = 10_000_000_000L;

    private final Connections.Limits limits;
    private final AtomicInteger open = new AtomicInteger();
    private final ConcurrentHashMap<InetAddress, Integer> byClient = new ConcurrentHashMap<>();
    private final LongAdder refused = new LongAdder();
    private final AtomicLong lastSaid = new AtomicLong(System.nanoTime() - QUIET_NANOS);

    public Gate(Connections.Limits limits) {
        this.limits = limits;
    }

    Connections.Limits limits() {
        return limits;
    }

    /** False: one too many. After true, {@link #leave} must follow. */
    boolean enter(InetAddress client) {
        int ofClient = byClient.merge(client, 1, Integer::sum);
        int all = open.incrementAndGet();
        if (all <= limits.maxConnections() && ofClient <= limits.maxPerClient()) {
            return true;
        }
        leave(client);
        refused.increment();
        long now = System.nanoTime();
        long last = lastSaid.get();
        if (now - last >= QUIET_NANOS && lastSaid.compareAndSet(last, now)) {
            log.warn(
                    "master.connections_refused client={} ofClient={} open={} refusedSoFar={}",
                    client.getHostAddress(),
                    ofClient - 1,
                    all - 1,
                    refused.sum());
        }
        return false;
    }

    void leave(InetAddress client) {
        open.decrementAndGet();
        byClient.computeIfPresent(client, (address, count) -> count == 1 ? null : count - 1);
    }

    int open() {
        return open.get();
    }

    /** In Prometheus' text format; names and meaning are in {@code docs/metrics.md}. */
    public String prometheus() {
        return "# TYPE finback_master_connections gauge\nfinback_master_connections " + open.get()
                + "\n# TYPE finback_master_connections_refused_total counter\nfinback_master_connections_refused_total "
                + refused.sum() + "\n";
    }
}
