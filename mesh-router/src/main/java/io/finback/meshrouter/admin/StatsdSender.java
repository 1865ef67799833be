package io.finback.meshrouter.admin;

import io.finback.meshrouter.linkerd.Plan.Statsd;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what was counted to a statsd over UDP: counters as what was added since, everything else as gauges. One thread, packets of at most
 * {@link #MAX_PACKET} bytes. Source: linkerd/linkerd telemetry/statsd.
 */
public final class StatsdSender implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(StatsdSender.class);
    /** Fits an Ethernet frame. */
    private static final int MAX_PACKET = 1400;

    private final LinkerdMetrics metrics;
    private final Statsd statsd;
    private final DatagramSocket socket;
    /** What counters said last time. Those that are no more are forgotten: clients and services come and go. */
    private Map<String, Long> before = Map.of();

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread made = new Thread(task, "finback-statsd");
        made.setDaemon(true);
        return made;
    });
    private boolean failing;

    private StatsdSender(AdminParts parts, Statsd statsd) throws IOException {
        this.metrics = new LinkerdMetrics(parts);
        this.statsd = statsd;
        this.socket = new DatagramSocket();
        var sending = thread.scheduleWithFixedDelay(
                this::send, statsd.every().toMillis(), statsd.every().toMillis(), TimeUnit.MILLISECONDS);
        Objects.requireNonNull(sending);
    }

    /** Throws IllegalStateException when there is no socket to be had. */
    public static StatsdSender start(AdminParts parts, Statsd statsd) {
        try {
            return new StatsdSender(parts, statsd);
        } catch (IOException e) {
            throw new IllegalStateException("statsd: no UDP socket (" + e.getMessage() + ")", e);
        }
    }

    private void send() {
        try {
            StringBuilder packet = new StringBuilder(MAX_PACKET);
            Map<String, Long> now = new HashMap<>();
            for (Metric metric : metrics.all()) {
                for (Map.Entry<String, Number> value : metric.flat().entrySet()) {
                    String line = line(metric, value.getKey(), value.getValue(), now);
                    if (packet.length() + line.length() > MAX_PACKET) {
                        flush(packet);
                    }
                    packet.append(line);
                }
            }
            flush(packet);
            before = now;
            failing = false;
        } catch (IOException | RuntimeException e) {
            if (!failing) {
                failing = true;
                log.warn("statsd.not_sent host={} port={} reason={}", statsd.hostname(), statsd.port(), e.toString());
            }
        }
    }

    private String line(Metric metric, String key, Number value, Map<String, Long> seen) {
        String name = statsd.prefix() + "." + key.replaceAll("[/:|@#]", ".").replaceAll("\\.+", ".");
        if (metric.kind() != Metric.Kind.COUNTER) {
            return name + ":" + value + "|g\n";
        }
        long now = value.longValue();
        long was = before.getOrDefault(key, 0L);
        // One that is less than it was belongs to a client that was forgotten and has come back.
        long added = now < was ? now : now - was;
        seen.put(key, now);
        return added == 0 ? "" : name + ":" + added + "|c\n";
    }

    private void flush(StringBuilder packet) throws IOException {
        if (packet.length() > 0) {
            byte[] bytes = packet.toString().getBytes(StandardCharsets.UTF_8);
            packet.setLength(0);
            socket.send(
                    new DatagramPacket(bytes, bytes.length, InetAddress.getByName(statsd.hostname()), statsd.port()));
        }
    }

    @Override
    public void close() {
        var left = thread.shutdownNow();
        Objects.requireNonNull(left);
        socket.close();
    }
}
