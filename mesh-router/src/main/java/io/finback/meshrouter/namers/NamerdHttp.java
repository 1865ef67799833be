package io.finback.meshrouter.namers;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.meshrouter.resilience.Backoff;
import io.finback.names.Address;
import io.finback.names.Delegation;
import io.finback.names.Dtab;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.NotYetKnown;
import io.finback.names.Path;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * {@code io.l5d.namerd.http}: names are bound by a namerd, or by Finback's masters, and followed as streams of JSON lines; the last answers
 * stay while it is gone. Ids that say their address themselves are not asked for. Source: linkerd/linkerd StreamingNamerClient.scala.
 */
public final class NamerdHttp implements Interpreter {
    private static final Duration AGAIN = Duration.ofMillis(100);

    private static final String BASE = "/api/1/";

    private final Origin origin;
    private final String namespace;
    private final Credentials credentials;
    private final Backoff retry;
    private final Streams streams;
    private final Changes changes;
    private final FarBindings<String> bindings;
    private final Watches<String, Dtab> dtabs;

    private NamerdHttp(
            Origin origin, String namespace, Credentials credentials, Backoff retry, Streams streams, Changes changes) {
        this.credentials = credentials;
        this.retry = retry;
        this.origin = origin;
        this.namespace = namespace;
        this.streams = streams;
        this.changes = changes;
        this.bindings = new FarBindings<>("namerd", changes, this::watchTree, this::watchAddresses);
        this.dtabs = new Watches<>("namerd dtab", 1, changes, v -> false, this::watchDtab);
    }

    /**
     * Begins to ask when a name is asked for.
     *
     * @param credentials go with every request
     * @param retry pauses behind failures in a row; empty: as all others
     */
    public static NamerdHttp start(
            Origin origin,
            String namespace,
            Credentials credentials,
            Optional<Backoff> retry,
            Streams streams,
            Changes changes) {
        return new NamerdHttp(origin, namespace, credentials, retry.orElse(Streams.USUAL), streams, changes);
    }

    @Override
    public String kind() {
        return "io.l5d.namerd.http";
    }

    @Override
    public NameTree<Name.Bound> bind(Dtab dtab, Path path) {
        return bindings.bind("path=" + encoded(path.show()) + "&dtab=" + encoded(dtab.show()));
    }

    @Override
    public Supplier<List<Address>> addresses(Path id) {
        return bindings.addresses(id);
    }

    @Override
    public Optional<Dtab> dtab() {
        try {
            return Optional.of(dtabs.get(namespace));
        } catch (NotYetKnown e) {
            return Optional.empty();
        }
    }

    /** As the namerd sees it would be better; it is asked for its dtab instead, and the leaves are looked up there. */
    @Override
    public Delegation delegate(Dtab dtab, Path path) {
        Dtab all = dtabs.get(namespace).concat(dtab);
        return Delegation.of(all, this::leaf, path);
    }

    private NameTree<Name> leaf(Path path) {
        return bind(Dtab.EMPTY, path).map(bound -> bound);
    }

    private AutoCloseable watchTree(String query, Consumer<NameTree<Name.Bound>> tell) {
        return follow("bind", "bind/" + encoded(namespace) + "?watch=true&" + query, line -> tell.accept(tree(line)));
    }

    private AutoCloseable watchAddresses(Path id, Consumer<Optional<List<Address>>> tell) {
        return follow(
                "addr " + id,
                "addr/" + encoded(namespace) + "?watch=true&path=" + encoded(id.show()),
                line -> address(line).ifPresent(found -> tell.accept(Optional.of(found))));
    }

    private AutoCloseable watchDtab(String ns, Consumer<Dtab> tell) {
        return follow("dtab " + ns, "dtabs/" + encoded(ns) + "?watch=true", line -> {
            StringBuilder all = new StringBuilder();
            line.forEach(dentry -> all.append(dentry.path("prefix").asText())
                    .append("=>")
                    .append(dentry.path("dst").asText())
                    .append(';'));
            tell.accept(Dtab.parse(all.toString()));
        });
    }

    private AutoCloseable follow(String what, String uri, Consumer<JsonNode> line) {
        return streams.again(
                "namerd " + what,
                retry,
                works -> Streams.then(
                        streams.lines(origin, BASE + uri, credentials.with("Accept", "application/json"), text -> {
                            line.accept(Json.parse(text));
                            works.run();
                        }),
                        end -> AGAIN));
    }

    /** Reads a tree of namerd's; alternatives are decided as binding does. */
    private static NameTree<Name.Bound> tree(JsonNode node) {
        return switch (node.path("type").asText()) {
            case "leaf" ->
                NameTree.leaf(new Name.Bound(
                        Path.parse(node.path("bound").path("id").asText()),
                        Path.parse(node.path("bound").path("path").asText("/"))));
            case "delegate" -> tree(node.path("delegate"));
            case "transformation" -> tree(node.path("tree"));
            case "empty" -> new NameTree.Empty<>();
            case "fail" -> new NameTree.Fail<>();
            case "neg" -> NameTree.neg();
            case "alt" -> BoundTrees.alternatives(branches(node.path("alt")));
            case "union" -> BoundTrees.union(weighted(node.path("union")));
            default -> throw new IllegalStateException(node.path("message").asText("unreadable tree: " + node));
        };
    }

    private static List<NameTree<Name.Bound>> branches(JsonNode branches) {
        List<NameTree<Name.Bound>> all = new ArrayList<>();
        branches.forEach(branch -> all.add(tree(branch)));
        return all;
    }

    private static List<NameTree.Weighted<Name.Bound>> weighted(JsonNode branches) {
        List<NameTree.Weighted<Name.Bound>> all = new ArrayList<>();
        branches.forEach(branch ->
                all.add(new NameTree.Weighted<>(branch.path("weight").asDouble(1.0), tree(branch.path("tree")))));
        return all;
    }

    /** Empty while it is pending there. What failed keeps what was known. */
    private static Optional<List<Address>> address(JsonNode node) {
        return switch (node.path("type").asText()) {
            case "bound" -> {
                List<Address> all = new ArrayList<>();
                for (JsonNode address : node.path("addrs")) {
                    double weight =
                            address.path("meta").path("endpoint_addr_weight").asDouble(1.0);
                    all.add(new Address(
                                    address.path("ip").asText(),
                                    address.path("port").asInt(),
                                    weight)
                            .on(address.path("meta").path("nodeName").asText("")));
                }
                yield Optional.of(List.copyOf(all));
            }
            case "neg" -> Optional.of(List.of());
            default -> Optional.empty();
        };
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    @Override
    public Map<String, Object> state() {
        Map<String, Object> state = new TreeMap<>();
        state.put("namespace", namespace);
        state.put("bindings", bindings.trees().size());
        state.put("addresses", bindings.addresses());
        state.put("version", changes.version());
        return state;
    }

    @Override
    public void close() {
        bindings.close();
        dtabs.close();
    }
}
