package io.finback.meshrouter.namers;

import io.finback.names.Address;
import io.finback.names.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.DirContext;
import javax.naming.directory.InitialDirContext;

/**
 * {@code io.l5d.dnssrv}: SRV records, asked for again every {@code refresh}, so many at a time that servers which do not
 * answer hold no other names up. No such record is Neg; while servers do not
 * answer, the last addresses stay. Only the records of the lowest priority number count; their weights do (0 counts as 1). Source:
 * linkerd/linkerd namer/dnssrv, RFC 2782.
 */
public final class DnsSrvNamer {
    /** How long a thread waits for the next lookup. */
    private static final Duration IDLE = Duration.ofSeconds(10);

    private static final String TIMEOUT_MILLIS = "2000";

    private final String provider;
    private final Duration refresh;
    private final Streams streams;
    private final ThreadPoolExecutor threads;

    private DnsSrvNamer(List<String> hosts, Duration refresh, Streams streams) {
        this.provider = hosts.isEmpty()
                ? "dns:"
                : String.join(" ", hosts.stream().map(host -> "dns://" + host).toList());
        this.refresh = refresh;
        this.streams = streams;
        int most = streams.settings().lookups();
        // At most one lookup of each name waits, and names have a limit.
        this.threads = new ThreadPoolExecutor(
                most, most, IDLE.toMillis(), TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "finback-dnssrv");
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
    }

    /** {@code hosts}: DNS servers, each with a port if it is not 53; those of the system when empty. */
    public static NameSource start(
            Path prefix, List<String> hosts, Duration refresh, Streams streams, Changes changes) {
        DnsSrvNamer namer = new DnsSrvNamer(hosts, refresh, streams);
        return new WatchingNamer(prefix, 1, changes, namer::watch, namer.threads::shutdownNow);
    }

    private AutoCloseable watch(Path path, Consumer<Optional<List<Address>>> tell) {
        String name = path.elements().get(0);
        Object[] last = {Optional.empty()};
        boolean[] told = {false};
        return streams.again(
                "dnssrv " + name,
                () -> CompletableFuture.supplyAsync(
                        () -> {
                            Optional<List<Address>> now = query(name);
                            if (!told[0] || !now.equals(last[0])) {
                                told[0] = true;
                                last[0] = now;
                                tell.accept(now);
                            }
                            return refresh;
                        },
                        threads));
    }

    // The DNS provider answers texts of records: nothing is deserialized. Its environment is a Hashtable.
    @SuppressWarnings({"BanJNDI", "JdkObsolete"})
    private Optional<List<Address>> query(String name) {
        Hashtable<String, String> environment = new Hashtable<>();
        environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.dns.DnsContextFactory");
        environment.put(Context.PROVIDER_URL, provider);
        environment.put("com.sun.jndi.dns.timeout.initial", TIMEOUT_MILLIS);
        environment.put("com.sun.jndi.dns.timeout.retries", "2");
        try {
            DirContext context = new InitialDirContext(environment);
            try {
                Attribute records =
                        context.getAttributes(name, new String[] {"SRV"}).get("SRV");
                return records == null ? Optional.empty() : Optional.of(read(records));
            } finally {
                context.close();
            }
        } catch (NameNotFoundException e) {
            return Optional.empty();
        } catch (NamingException e) {
            throw new IllegalStateException(name + ": " + e.getMessage(), e);
        }
    }

    private static List<Address> read(Attribute records) throws NamingException {
        int lowest = Integer.MAX_VALUE;
        List<Address> addresses = new ArrayList<>();
        NamingEnumeration<?> all = records.getAll();
        while (all.hasMore()) {
            String[] words = String.valueOf(all.next()).split(" ", 4);
            if (words.length < 4) {
                continue;
            }
            int priority = Integer.parseInt(words[0]);
            if (priority < lowest) {
                lowest = priority;
                addresses.clear();
            }
            if (priority == lowest) {
                String host = words[3].endsWith(".") ? words[3].substring(0, words[3].length() - 1) : words[3];
                int port = Integer.parseInt(words[2]);
                // The root says that the service is decidedly not there.
                if (!host.isEmpty() && port > 0) {
                    addresses.add(new Address(host, port, Math.max(1, Integer.parseInt(words[1]))));
                }
            }
        }
        return List.copyOf(addresses);
    }
}
