package io.finback.meshrouter.namers;

import io.finback.names.Address;
import io.finback.names.BuiltinNamers;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.Path;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Changes what names are bound to: their addresses, or the whole tree. Ids get its prefix, such as {@code /%/io.l5d.port/4141}. Source:
 * linkerd/linkerd namer/core NameTreeTransformer.scala.
 */
public final class Transformer implements AutoCloseable {
    private final Path prefix;
    private final BiFunction<List<Address>, List<Address>, List<Address>> addresses;
    private final Optional<Path> replacement;
    private final boolean always;
    private final Optional<Gateways> gateways;

    /** Others that addresses are replaced by: a name and where it is looked up. */
    private record Gateways(NameSource source, Path id, Supplier<List<Address>> live) {
        /** Throws NotYetKnown until it is known who they are. */
        void check() {
            NameTree<Name> found = source.lookup(id);
            Objects.requireNonNull(found);
        }
    }

    private Transformer(
            Path prefix, Function<List<Address>, List<Address>> addresses, Optional<Path> replacement, boolean always) {
        this(prefix, (all, none) -> addresses.apply(all), replacement, always, Optional.empty());
    }

    private Transformer(
            Path prefix,
            BiFunction<List<Address>, List<Address>, List<Address>> addresses,
            Optional<Path> replacement,
            boolean always,
            Optional<Gateways> gateways) {
        this.prefix = prefix;
        this.addresses = addresses;
        this.replacement = replacement;
        this.always = always;
        this.gateways = gateways;
    }

    /** {@code io.l5d.port}: the same hosts, all at one port. */
    public static Transformer port(int port) {
        return new Transformer(
                Path.of("%", "io.l5d.port", Integer.toString(port)),
                all -> all.stream()
                        .map(address -> new Address(address.host(), port, address.weight(), address.node()))
                        .distinct()
                        .toList(),
                Optional.empty(),
                false);
    }

    /** {@code io.l5d.localhost}: those on this machine. Its interfaces are read once. */
    public static Transformer localhost() {
        Set<String> local = localAddresses();
        return new Transformer(
                Path.of("%", "io.l5d.localhost"),
                all -> all.stream()
                        .filter(address -> local.contains(address.host()))
                        .toList(),
                Optional.empty(),
                false);
    }

    /** {@code io.l5d.k8s.localnode}: those whose IPv4 address shares its first three bytes with {@code podIp}, as pods of one node do. */
    public static Transformer localNode(String podIp) {
        if (!podIp.matches("[0-9]{1,3}([.][0-9]{1,3}){3}")) {
            throw new IllegalArgumentException("POD_IP: '" + podIp + "' (expected: an IPv4 address)");
        }
        String subnet = podIp.substring(0, podIp.lastIndexOf('.') + 1);
        return new Transformer(
                Path.of("%", "io.l5d.k8s.localnode", podIp),
                all -> all.stream()
                        .filter(address -> address.host().startsWith(subnet)
                                && address.host().indexOf('.', subnet.length()) < 0)
                        .toList(),
                Optional.empty(),
                false);
    }

    /** {@code io.l5d.k8s.localnode} on the host's network: those that their source says are on {@code node}. */
    public static Transformer onNode(String node) {
        return new Transformer(
                Path.of("%", "io.l5d.k8s.localnode", node),
                all -> all.stream()
                        .filter(address -> address.node().equals(Optional.of(node)))
                        .toList(),
                Optional.empty(),
                false);
    }

    /**
     * {@code io.l5d.k8s.daemonset}: for each address the members of a daemon set, a service of the Kubernetes API, on its node. The members
     * are watched; nothing is bound before they are known.
     *
     * @param hostNetwork whether nodes are told apart by their names; else by the first three bytes of IPv4 addresses, which pods of one node
     *     share
     */
    public static Transformer daemonSet(
            String host,
            int port,
            String namespace,
            String portName,
            String service,
            boolean hostNetwork,
            Streams streams,
            Changes changes) {
        Path root = Path.of("#", "io.l5d.k8s.daemonset");
        NameSource source = K8sNamer.start(root, host, port, Optional.empty(), Optional.empty(), streams, changes);
        Path id = root.concat(Path.of(namespace, portName, service));
        Supplier<List<Address>> live = source.addresses(id).orElseThrow();
        return new Transformer(
                Path.of("%", "io.l5d.k8s.daemonset", namespace, portName, service),
                hostNetwork ? Transformer::onTheNamedNodes : Transformer::onTheSameNodes,
                Optional.empty(),
                false,
                Optional.of(new Gateways(source, id, live)));
    }

    private static List<Address> onTheSameNodes(List<Address> all, List<Address> members) {
        Set<String> subnets = all.stream()
                .flatMap(address -> subnet(address.host()).stream())
                .collect(Collectors.toUnmodifiableSet());
        return members.stream()
                .filter(member ->
                        subnet(member.host()).filter(subnets::contains).isPresent())
                .distinct()
                .toList();
    }

    private static List<Address> onTheNamedNodes(List<Address> all, List<Address> members) {
        Set<String> nodes =
                all.stream().flatMap(address -> address.node().stream()).collect(Collectors.toUnmodifiableSet());
        return members.stream()
                .filter(member -> member.node().filter(nodes::contains).isPresent())
                .distinct()
                .toList();
    }

    private static Optional<String> subnet(String host) {
        return host.matches("[0-9]{1,3}([.][0-9]{1,3}){3}")
                ? Optional.of(host.substring(0, host.lastIndexOf('.') + 1))
                : Optional.empty();
    }

    /** {@code io.l5d.specificHost}: those at one host. */
    public static Transformer specificHost(String host) {
        return new Transformer(
                Path.of("%", "io.l5d.specificHost", host),
                all -> all.stream()
                        .filter(address -> address.host().equals(host))
                        .toList(),
                Optional.empty(),
                false);
    }

    /** {@code io.l5d.replace}: every leaf is {@code id} instead, a name with an address written in it. */
    public static Transformer replace(Path id) {
        return new Transformer(Path.of("%", "io.l5d.replace"), all -> all, Optional.of(checked(id)), false);
    }

    /** {@code io.l5d.const}: every name is {@code id}, whether it would have been bound or not. */
    public static Transformer constant(Path id) {
        return new Transformer(Path.of("%", "io.l5d.const"), all -> all, Optional.of(checked(id)), true);
    }

    private static Path checked(Path id) {
        if (BuiltinNamers.address(id).isEmpty()) {
            throw new IllegalArgumentException("path: '" + id + "' (expected: /$/inet/<host>/<port>)");
        }
        return id;
    }

    private static Set<String> localAddresses() {
        try {
            return NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .map(address -> address.getHostAddress().replaceFirst("%.*", ""))
                    .collect(Collectors.toUnmodifiableSet());
        } catch (SocketException e) {
            throw new IllegalStateException(e);
        }
    }

    /** May throw NotYetKnown. */
    NameTree<Name.Bound> transform(NameTree<Name.Bound> tree) {
        if (always) {
            return NameTree.leaf(new Name.Bound(prefixed(replacement.orElseThrow()), Path.EMPTY));
        }
        return tree.map(this::transform);
    }

    /** What one name is instead. */
    Name.Bound transform(Name.Bound bound) {
        gateways.ifPresent(Gateways::check);
        return new Name.Bound(prefixed(replacement.orElse(bound.id())), bound.residual());
    }

    private Path prefixed(Path id) {
        return prefix.concat(id);
    }

    /** The id it was made from; empty if it is not of this transformer. */
    Optional<Path> original(Path id) {
        return id.startsWith(prefix) ? Optional.of(id.drop(prefix.size())) : Optional.empty();
    }

    /** Transformed again only when the list is another object. */
    Supplier<List<Address>> transform(Supplier<List<Address>> source) {
        return new Supplier<>() {
            private volatile Seen last = new Seen(List.of(), List.of(), List.of());

            @Override
            @SuppressWarnings("ReferenceEquality") // sources promise the same object until they change
            public List<Address> get() {
                List<Address> now = source.get();
                List<Address> others = gateways.map(g -> g.live().get()).orElseGet(List::of);
                Seen seen = last;
                if (seen.source() != now || seen.others() != others) {
                    seen = new Seen(now, others, addresses.apply(now, others));
                    last = seen;
                }
                return seen.result();
            }
        };
    }

    private record Seen(List<Address> source, List<Address> others, List<Address> result) {}

    @Override
    public void close() {
        gateways.ifPresent(g -> g.source().close());
    }
}
