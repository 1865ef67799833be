package io.finback.meshrouter.boot;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.meshrouter.http.RawClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

    /** One that runs a linkerd.yaml; {@code file} is written. */
    public static TestRouter linkerd(Path file, String yaml) throws IOException {
        Files.writeString(file, yaml);
        return new TestRouter("", Map.of("finback.router.linkerd-yaml", file.toString()));
    }

    /** The port of a router's first listener. */
    public int port(int router) {
        return node.routers().get(router).servers().get(0).port();
    }

    /** A value of Linkerd's {@code metrics.json}; 0 when it is not there. */
    public long metric(String name) {
        try {
            Matcher found = Pattern.compile('"' + Pattern.quote(name) + "\":(\\d+)")
                    .matcher(admin("/admin/metrics.json?q=" + name.replace("#", "%23")));
            return found.find() ? Long.parseLong(found.group(1)) : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
