package io.finback.meshrouter.namers;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.names.Address;
import io.finback.names.BuiltinNamers;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.Path;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Names that are nodes of ZooKeeper: {@code io.l5d.serversets}, a ServerSet at {@code /<path>[:endpoint][#shard]}, and {@code io.l5d.zkLeader},
 * the leader of the group at {@code /<path>}. The longest path that has instances is the name, the rest the residual. {@code io.l5d.curator}:
 * {@code /<service>}, whose instances Curator's service discovery keeps below a path. Nodes are watched; the last addresses stay while
 * ZooKeeper is away. Source: linkerd/linkerd namer/serversets, namer/zk-leader, namer/curator.
 */
public final class ZkNamer implements NameSource {
    /** As Finagle asks again. */
    static final Backoff RETRY = new Backoff.DecorrelatedJittered(Duration.ofMillis(10), Duration.ofSeconds(10));

    /** Changes within it are read together. */
    private static final Duration BATCH = Duration.ofMillis(100);

    /** Follows what is at a path of ZooKeeper, given as the path above it and its last element. */
    @FunctionalInterface
    private interface Reading {
        Follower at(ZkSession session, String path, String last);
    }

    /** {@code view} tells when to read again. */
    private record Follower(ZkSession.View<?> view, Supplier<CompletableFuture<List<Address>>> read) {}

    private final Path prefix;
    private final ZkSession session;
    private final Reading reading;
    private final Streams streams;
    private final Watches<Path, Optional<List<Address>>> watches;

    private ZkNamer(Path prefix, String servers, Reading reading, Streams streams, Changes changes) {
        this.prefix = prefix;
        this.session = new ZkSession(servers);
        this.reading = reading;
        this.streams = streams;
        this.watches = new Watches<>("zookeeper", WatchingNamer.LIMIT, changes, Optional::isEmpty, this::watch);
    }

    /** {@code servers}: {@code host:port}, separated by commas. Connects when a name is first asked for. */
    public static NameSource serversets(Path prefix, String servers, Streams streams, Changes changes) {
        return new ZkNamer(prefix, servers, ZkNamer::serverset, streams, changes);
    }

    /** {@code servers}: {@code host:port}, separated by commas. Connects when a name is first asked for. */
    public static NameSource leaders(Path prefix, String servers, Streams streams, Changes changes) {
        return new ZkNamer(prefix, servers, ZkNamer::leader, streams, changes);
    }

    /**
     * {@code servers}: {@code host:port}, separated by commas. Connects when a name is first asked for.
     *
     * @param basePath where services are, such as {@code /services}
     */
    public static NameSource curator(Path prefix, String servers, String basePath, Streams streams, Changes changes) {
        ZkNamer namer = new ZkNamer(
                prefix, servers, (session, parent, last) -> instances(session, join(basePath, last)), streams, changes);
        return new WatchingNamer(prefix, 1, changes, namer::watch, namer::close);
    }

    @Override
    public Path prefix() {
        return prefix;
    }

    @Override
    public NameTree<Name> lookup(Path path) {
        if (!path.startsWith(prefix)) {
            return NameTree.neg();
        }
        for (int length = path.size(); length >= prefix.size(); length--) {
            if (watches.get(path.take(length).drop(prefix.size())).isPresent()) {
                return NameTree.leaf(new Name.Bound(path.take(length), path.drop(length)));
            }
        }
        return NameTree.neg();
    }

    @Override
    public Optional<Supplier<List<Address>>> addresses(Path id) {
        if (!id.startsWith(prefix)) {
            return Optional.empty();
        }
        Supplier<Optional<List<Address>>> live = watches.live(id.drop(prefix.size()), Optional.empty());
        return Optional.of(() -> live.get().orElse(List.of()));
    }

    private AutoCloseable watch(Path name, Consumer<Optional<List<Address>>> tell) {
        List<String> elements = name.elements().stream()
                .map(element -> new String(element.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8))
                .toList();
        String parent = "/" + String.join("/", elements.subList(0, Math.max(0, elements.size() - 1)));
        Follower follower = reading.at(session, parent, elements.isEmpty() ? "" : elements.get(elements.size() - 1));
        AutoCloseable loop = streams.again("zookeeper " + name.show(), RETRY, works -> {
            CompletableFuture<Void> changed = follower.view().round();
            return follower.read()
                    .get()
                    .thenComposeAsync(
                            found -> {
                                tell.accept(found.isEmpty() ? Optional.empty() : Optional.of(found));
                                works.run();
                                return changed;
                            },
                            streams.executor())
                    .thenApply(change -> BATCH);
        });
        return () -> {
            loop.close();
            follower.view().close();
        };
    }

    private static String join(String parent, String last) {
        return parent.equals("/") ? parent + last : parent + "/" + last;
    }

    private static Follower serverset(ZkSession session, String parent, String last) {
        Optional<Serverset.Selection> selection =
                last.isEmpty() ? Optional.of(new Serverset.Selection("", "", -1)) : Serverset.Selection.parse(last);
        ZkSession.View<Serverset.Node> view = session.view(Serverset::node);
        return new Follower(view, () -> {
            if (selection.isEmpty()) {
                return CompletableFuture.completedFuture(List.of());
            }
            String path = join(parent, selection.get().name());
            return children(view, path)
                    .thenCompose(names -> all(names.stream()
                            .filter(Serverset::isOne)
                            .sorted()
                            .map(name -> view.data(path, name))
                            .toList()))
                    .thenApply(nodes -> Serverset.addresses(nodes, selection.get()));
        });
    }

    /** The member that joined first leads; its data are its addresses. */
    private static Follower leader(ZkSession session, String parent, String last) {
        ZkSession.View<List<Address>> view =
                session.view((name, data) -> hosts(new String(data, StandardCharsets.UTF_8)));
        String path = join(parent, last);
        return new Follower(view, () -> children(view, path).thenCompose(names -> {
            List<String> members = names.stream()
                    .filter(name -> name.matches(Serverset.MEMBER + "\\d+"))
                    .toList();
            return members.isEmpty()
                    ? CompletableFuture.completedFuture(List.of())
                    : view.data(path, Collections.min(members)).thenApply(addresses -> addresses.orElse(List.of()));
        }));
    }

    /** The instances of a service of Curator's. */
    private static Follower instances(ZkSession session, String path) {
        ZkSession.View<Optional<Address>> view = session.view((name, data) -> instance(data));
        return new Follower(view, () -> children(view, path)
                .thenCompose(names ->
                        all(names.stream().map(name -> view.data(path, name)).toList()))
                .thenApply(found ->
                        found.stream().flatMap(Optional::stream).distinct().toList()));
    }

    /** At its TLS port if it has one, as in Linkerd; empty for one that is not enabled, or cannot be read. */
    private static Optional<Address> instance(byte[] data) {
        JsonNode json;
        try {
            json = Json.parse(new String(data, StandardCharsets.UTF_8));
        } catch (IllegalStateException e) {
            return Optional.empty();
        }
        String host = json.path("address").asText("");
        JsonNode port = json.path(json.path("sslPort").isIntegralNumber() ? "sslPort" : "port");
        boolean usable = !host.isEmpty()
                && json.path("enabled").asBoolean(true)
                && port.isIntegralNumber()
                && port.asLong() > 0
                && port.asLong() < 65_536;
        return usable ? Optional.of(new Address(host, port.asInt())) : Optional.empty();
    }

    /** {@code host:port}, several separated by commas or spaces; nobody when it cannot be read. */
    private static List<Address> hosts(String text) {
        List<Address> all = new ArrayList<>();
        for (String host : text.strip().split("[ ,]+", -1)) {
            int colon = host.lastIndexOf(':');
            if (colon <= 0 || !BuiltinNamers.isPort(host.substring(colon + 1))) {
                return List.of();
            }
            all.add(new Address(host.substring(0, colon), Integer.parseInt(host.substring(colon + 1))));
        }
        return List.copyOf(all);
    }

    /** None of what is no path for ZooKeeper. */
    private static CompletableFuture<List<String>> children(ZkSession.View<?> view, String path) {
        try {
            return view.children(path).thenApply(names -> names.orElse(List.of()));
        } catch (IllegalArgumentException e) {
            return CompletableFuture.completedFuture(List.of());
        }
    }

    private static <T> CompletableFuture<List<T>> all(List<CompletableFuture<Optional<T>>> reads) {
        return CompletableFuture.allOf(reads.toArray(new CompletableFuture<?>[0]))
                .thenApply(done -> reads.stream()
                        .map(CompletableFuture::join)
                        .flatMap(Optional::stream)
                        .toList());
    }

    @Override
    public Map<String, Object> state() {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("zookeeper", session.state());
        state.putAll(WatchingNamer.state(watches));
        return state;
    }

    @Override
    public void close() {
        watches.close();
        session.close();
    }
}
