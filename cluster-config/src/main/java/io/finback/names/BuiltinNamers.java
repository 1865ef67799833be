package io.finback.names;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The namers everyone has: {@code /$/nil} (Empty), {@code /$/fail} (Fail), {@code /$/inet/host/port}, {@code /$/inet/port}, {@code
 * /$/fixedinet/...} and {@code /$/io.buoyant.rinet/port/host} (addresses as written), and Linkerd's rewriters: {@code
 * io.buoyant.hostportPfx}, {@code porthostPfx}, {@code http.anyMethod}, {@code anyHost}, {@code subdomainOf}, {@code domainToPath}, each of
 * the last four also with {@code Pfx}. Sources: twitter/finagle Namer.scala, linkerd/linkerd namer/core.
 */
public final class BuiltinNamers {
    private static final Path ROOT = Path.of("$");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9.:_-]+");
    private static final Pattern METHOD = Pattern.compile("[A-Z]+");
    private static final Pattern DNS_LABEL = Pattern.compile("[a-z0-9][-a-z0-9]{0,62}");

    /** Take what is behind {@code /$/<name>}. */
    private static final Map<String, Function<Path, Optional<Path>>> REWRITERS = Map.ofEntries(
            Map.entry("io.buoyant.hostportPfx", p -> hostPort(p, false)),
            Map.entry("io.buoyant.porthostPfx", p -> hostPort(p, true)),
            Map.entry("io.buoyant.http.anyMethod", p -> dropMatching(p, 0, METHOD)),
            Map.entry("io.buoyant.http.anyMethodPfx", p -> dropMatching(p, 1, METHOD)),
            Map.entry("io.buoyant.http.anyHost", p -> dropMatching(p, 0, HOST)),
            Map.entry("io.buoyant.http.anyHostPfx", p -> dropMatching(p, 1, HOST)),
            Map.entry("io.buoyant.http.subdomainOf", p -> subdomain(p, 0)),
            Map.entry("io.buoyant.http.subdomainOfPfx", p -> subdomain(p, 1)),
            Map.entry("io.buoyant.http.domainToPath", p -> domainToPath(p, 0)),
            Map.entry("io.buoyant.http.domainToPathPfx", p -> domainToPath(p, 1)));

    private BuiltinNamers() {}

    public static Namer all() {
        return Namer.at(ROOT, BuiltinNamers::lookup);
    }

    private static NameTree<Name> lookup(Path path) {
        if (path.size() < 2) {
            return NameTree.neg();
        }
        String name = path.elements().get(1);
        Function<Path, Optional<Path>> rewriter = REWRITERS.get(name);
        if (rewriter != null) {
            return rewriter.apply(path.drop(2))
                    .map(next -> NameTree.<Name>leaf(new Name.Unbound(next)))
                    .orElseGet(NameTree::neg);
        }
        return switch (name) {
            case "nil" -> new NameTree.Empty<>();
            case "fail" -> new NameTree.Fail<>();
            case "inet", "fixedinet" -> inet(path);
            case "io.buoyant.rinet" -> rinet(path);
            default -> NameTree.neg();
        };
    }

    private static NameTree<Name> inet(Path path) {
        if (path.size() >= 4 && isPort(path.elements().get(3))) {
            return bound(path, 4);
        }
        return path.size() >= 3 && isPort(path.elements().get(2)) ? bound(path, 3) : NameTree.neg();
    }

    private static NameTree<Name> rinet(Path path) {
        return path.size() >= 4 && isPort(path.elements().get(2)) ? bound(path, 4) : NameTree.neg();
    }

    private static NameTree<Name> bound(Path path, int length) {
        return NameTree.leaf(new Name.Bound(path.take(length), path.drop(length)));
    }

    /** The address that a bound id of this class says; empty for any other id. */
    public static Optional<Address> address(Path id) {
        if (!id.startsWith(ROOT) || id.size() < 3) {
            return Optional.empty();
        }
        List<String> elements = id.elements();
        return switch (elements.get(1)) {
            case "inet", "fixedinet" ->
                Optional.of(new Address(
                        elements.size() == 4 ? elements.get(2) : "127.0.0.1",
                        Integer.parseInt(elements.get(elements.size() - 1))));
            case "io.buoyant.rinet" -> Optional.of(new Address(elements.get(3), Integer.parseInt(elements.get(2))));
            default -> Optional.empty();
        };
    }

    /** {@code /pfx/host:port/rest} to {@code /pfx/host/port/rest}, or with port and host the other way round. */
    private static Optional<Path> hostPort(Path path, boolean portFirst) {
        if (path.size() < 2) {
            return Optional.empty();
        }
        String[] parts = path.elements().get(1).split(":", -1);
        if (parts.length != 2 || !DNS_LABEL.matcher(parts[1]).matches()) {
            return Optional.empty();
        }
        List<String> two = portFirst ? List.of(parts[1], parts[0]) : List.of(parts[0], parts[1]);
        return two.contains("") ? Optional.empty() : Optional.of(spliced(path, 1, two));
    }

    private static Optional<Path> dropMatching(Path path, int at, Pattern pattern) {
        return path.size() > at && pattern.matcher(path.elements().get(at)).matches()
                ? Optional.of(spliced(path, at, List.of()))
                : Optional.empty();
    }

    /** {@code /domain/[pfx/]host/rest} to {@code /[pfx/]sub/rest}, where host is {@code sub.domain}, its port dropped. */
    private static Optional<Path> subdomain(Path path, int prefixes) {
        if (path.size() < prefixes + 2) {
            return Optional.empty();
        }
        String domain = path.elements().get(0);
        String host = path.elements().get(prefixes + 1);
        if (!HOST.matcher(domain).matches() || !HOST.matcher(host).matches()) {
            return Optional.empty();
        }
        int colon = host.indexOf(':');
        String name = colon > 0 ? host.substring(0, colon) : host;
        String suffix = "." + domain;
        return name.endsWith(suffix) && name.length() > suffix.length()
                ? Optional.of(
                        spliced(path.drop(1), prefixes, List.of(name.substring(0, name.length() - suffix.length()))))
                : Optional.empty();
    }

    /** {@code /[pfx/]a.b.c/rest} to {@code /[pfx/]c/b/a/rest}. */
    private static Optional<Path> domainToPath(Path path, int at) {
        if (path.size() <= at || !HOST.matcher(path.elements().get(at)).matches()) {
            return Optional.empty();
        }
        List<String> labels = new ArrayList<>(List.of(path.elements().get(at).split("\\.", -1)));
        if (labels.contains("")) {
            return Optional.empty();
        }
        Collections.reverse(labels);
        return Optional.of(spliced(path, at, labels));
    }

    /** The path with {@code with} instead of its element {@code at}. */
    private static Path spliced(Path path, int at, List<String> with) {
        List<String> elements = new ArrayList<>(path.elements().subList(0, at));
        elements.addAll(with);
        elements.addAll(path.elements().subList(at + 1, path.size()));
        return new Path(elements);
    }

    /** Whether {@code text} is a TCP port, 1..65535. */
    public static boolean isPort(String text) {
        if (text.isEmpty() || text.length() > 5 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return false;
        }
        int port = Integer.parseInt(text);
        return port >= 1 && port <= 65535;
    }
}
