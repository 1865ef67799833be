package io.finback.meshrouter.boot;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.meshrouter.http.RawClient;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A router that runs alone, on free ports. */
public final class TestRouter implements AutoCloseable {
    public final RouterNode node;

    public TestRouter(String dtab) {
        this(dtab, Map.of());
    }

    public TestRouter(String dtab, Map<String, Object> settings) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put("finback.router.dtab", dtab);
        node = RouterNode.start(config(all));
    }

    public static Config config(Map<String, Object> settings) {
        Map<String, Object> all = new HashMap<>(Map.of(
                "finback.router.http.port",
                0,
                "finback.router.admin.port",
                0,
                "finback.cluster.port",
                0,
                "finback.management.port",
                0));
        all.putAll(settings);
        return ConfigFactory.parseMap(all)
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
    }

    public int port() {
        return node.httpPort();
    }

    public String admin(String path) throws IOException {
        return RawClient.once(node.adminPort(), "GET " + path + " HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n")
                .text();
    }

    /** Waits until it holds, at most 20 s; fails otherwise. */
    public static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("not within 20 s: " + what);
            }
            Thread.onSpinWait();
            java.util.concurrent.locks.LockSupport.parkNanos(5_000_000);
        }
    }

    @Override
    public void close() {
        node.stop().toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
    }
}
