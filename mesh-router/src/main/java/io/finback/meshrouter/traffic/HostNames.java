package io.finback.meshrouter.traffic;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Turns host names into addresses off the event loops: literals at once, names through the system's resolver on two threads, kept for
 * five seconds. At most {@link #MAX_NAMES} names are kept and {@link #MAX_WAITING} lookups wait; more fail at once.
 */
public final class HostNames implements AutoCloseable {
    private static final int MAX_NAMES = 1_000;
    private static final int MAX_WAITING = 256;
    private static final long TTL_NANOS = Duration.ofSeconds(5).toNanos();

    private record Known(CompletableFuture<InetAddress[]> addresses, long sinceNanos) {}

    private final ConcurrentHashMap<String, Known> known = new ConcurrentHashMap<>();
    private final ThreadPoolExecutor lookups =
            new ThreadPoolExecutor(2, 2, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MAX_WAITING), task -> {
                Thread thread = new Thread(task, "finback-mesh-dns");
                thread.setDaemon(true);
                return thread;
            });

    public HostNames() {
        lookups.allowCoreThreadTimeOut(true);
    }

    /** One of the host's addresses; fails when it has none. May complete on another thread. */
    public CompletableFuture<InetAddress> resolve(String host) {
        byte[] literal = NetUtil.createByteArrayFromIpAddressString(host);
        if (literal != null) {
            try {
                return CompletableFuture.completedFuture(InetAddress.getByAddress(literal));
            } catch (UnknownHostException e) {
                return CompletableFuture.failedFuture(e);
            }
        }
        long now = System.nanoTime();
        if (known.size() > MAX_NAMES) {
            known.clear();
        }
        Known entry = known.compute(host, (name, old) -> {
            boolean usable = old != null && (!old.addresses().isDone() || now - old.sinceNanos() < TTL_NANOS);
            return old != null && usable ? old : new Known(lookup(name), now);
        });
        return entry.addresses()
                .thenApply(all -> all[ThreadLocalRandom.current().nextInt(all.length)]);
    }

    private CompletableFuture<InetAddress[]> lookup(String host) {
        try {
            return CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            return InetAddress.getAllByName(host);
                        } catch (UnknownHostException e) {
                            throw new CompletionException(e);
                        }
                    },
                    lookups);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(new UnknownHostException(host + " (too many lookups wait)"));
        }
    }

    @Override
    public void close() {
        lookups.shutdownNow();
    }
}
