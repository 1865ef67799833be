package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Replicas;
import io.finback.meshrouter.rpc.Timer;
import io.netty.util.NetUtil;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Reads destinations as text: {@code [inet!]host:port,host:port} resolves names again every five seconds and keeps the last good addresses
 * when that fails; {@code fixedinet!...} resolves once; {@code neg!} and {@code nil!} have no endpoints. Source: twitter/finagle
 * {@code Resolver.scala}, {@code InetResolver.scala}.
 */
final class Destinations {
    private static final Duration AGAIN = Duration.ofSeconds(5);
    private static final int MAX_WAITING = 1_000;
    private static final ThreadPoolExecutor LOOKUPS =
            new ThreadPoolExecutor(2, 2, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MAX_WAITING), work -> {
                Thread thread = new Thread(work, "finback-rpc-dns");
                thread.setDaemon(true);
                return thread;
            });

    static {
        LOOKUPS.allowCoreThreadTimeOut(true);
    }

    private Destinations() {}

    static Replicas resolve(String destination) {
        int bang = destination.indexOf('!');
        String scheme = bang < 0 ? "inet" : destination.substring(0, bang);
        String rest = destination.substring(bang + 1);
        return switch (scheme) {
            case "inet", "fixedinet" -> inet(rest, scheme.equals("inet"));
            case "neg", "nil" -> Replicas.of(List.of());
            default ->
                throw new IllegalArgumentException(
                        "destination: " + destination + " (expected: host:port,..., or inet!, fixedinet!, neg!, nil!)");
        };
    }

    private static Replicas inet(String text, boolean again) {
        List<Address> addresses = Arrays.stream(text.split(",", -1))
                .map(part -> Address.parse(part.trim()))
                .toList();
        if (addresses.stream().allMatch(address -> isLiteral(address.host()))) {
            return Replicas.of(addresses);
        }
        Replicas replicas = Replicas.pending();
        lookUp(addresses, replicas, again);
        return replicas;
    }

    private static boolean isLiteral(String host) {
        return NetUtil.isValidIpV4Address(host) || NetUtil.isValidIpV6Address(host);
    }

    private static void lookUp(List<Address> addresses, Replicas replicas, boolean again) {
        try {
            LOOKUPS.execute(() -> {
                List<Address> found = new ArrayList<>();
                List<Address> unknown = new ArrayList<>();
                for (Address address : addresses) {
                    try {
                        for (InetAddress ip : InetAddress.getAllByName(address.host())) {
                            found.add(new Address(ip.getHostAddress(), address.port(), address.weight()));
                        }
                    } catch (UnknownHostException e) {
                        // The others may be known; with none, the last good addresses stay.
                        unknown.add(address);
                    }
                }
                if (!found.isEmpty() || replicas.current().isEmpty()) {
                    replicas.set(found.stream().distinct().toList());
                }
                if (again || !unknown.isEmpty()) {
                    later(addresses, replicas, again);
                }
            });
        } catch (RejectedExecutionException e) {
            later(addresses, replicas, again);
        }
    }

    /** Unless nobody has the result any more. */
    private static void later(List<Address> addresses, Replicas replicas, boolean again) {
        WeakReference<Replicas> wanted = new WeakReference<>(replicas);
        Timer.SHARED.after(AGAIN.toNanos(), () -> {
            Replicas still = wanted.get();
            if (still != null) {
                lookUp(addresses, still, again);
            }
        });
    }
}
