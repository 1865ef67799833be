package io.finback.meshrouter.router;

import io.finback.meshrouter.http.Destination;
import io.finback.meshrouter.http.ErrorAnswer;
import io.finback.meshrouter.http.Routing;
import io.finback.meshrouter.http.Service;
import io.finback.meshrouter.names.Binder;
import io.finback.meshrouter.names.BuiltinNamers;
import io.finback.meshrouter.names.Dtab;
import io.finback.meshrouter.names.Name;
import io.finback.meshrouter.names.NameTree;
import io.finback.meshrouter.names.Namer;
import io.finback.meshrouter.names.NamingException;
import io.finback.meshrouter.names.Path;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;

/**
 * From request to destination: identify, bind through the dtab and the namers, choose. Thread-safe; answers from memory.
 *
 * <p>Bindings without a dtab of the request's own are cached by identifying text until an app or file appears or disappears. All
 * tables are bounded by {@code maxNames}.
 */
public final class MeshRouter implements Routing {
    private static final int MAX_UNION_DEPTH = 100;

    /** A bound leaf with its texts, which every request needs. */
    private record Target(Path id, String idText, String residual) {
        static Target of(Name.Bound bound) {
            return new Target(bound.id(), bound.id().show(), bound.residual().show());
        }
    }

    /** A name as it is bound now; {@code version} is the names' version it was bound at. */
    private record Binding(long version, Path path, String name, NameTree<Target> tree) {}

    private final Dtab dtab;
    private final Namer namers;
    private final FinbackNamer finback;
    private final Optional<FsNamer> fs;
    private final Supplier<EndpointsSnapshot> endpoints;
    private final boolean clustered;
    private final int maxNames;
    private final ConcurrentHashMap<String, Binding> bindings = new ConcurrentHashMap<>();
    private final Bounded<LiveDestination> destinations;
    private final Bounded<Service> services;
    private final Policies policies;

    /**
     * @param endpoints the latest snapshot, at any time
     * @param clustered whether endpoints will come at all, so that an unknown name may just not have been heard yet
     */
    public MeshRouter(
            Dtab dtab,
            Optional<FsNamer> fs,
            Supplier<EndpointsSnapshot> endpoints,
            boolean clustered,
            int maxNames,
            Policies policies) {
        this.dtab = dtab;
        this.fs = fs;
        this.endpoints = endpoints;
        this.clustered = clustered;
        this.maxNames = maxNames;
        this.policies = policies;
        finback = new FinbackNamer(endpoints);
        Namer configured = fs.<Namer>map(files -> files.orElse(finback)).orElse(finback);
        namers = configured.orElse(BuiltinNamers.all());
        destinations = new Bounded<>(maxNames, LiveDestination::retire);
        services = new Bounded<>(maxNames, service -> {});
    }

    @Override
    public Answer route(HttpRequest head) {
        HttpHeaders headers = head.headers();
        String token = Identifiers.token(headers);
        if (token.isEmpty()) {
            return refused(
                    ErrorAnswer.badRequest("Unknown destination: no Host and no l5d-name (expected: one of them)"));
        }
        Dtab local;
        Binding binding;
        try {
            local = localDtab(headers);
            binding = local.entries().isEmpty() ? cached(token) : bind(token, dtab.concat(local));
        } catch (NamingException e) {
            return refused(ErrorAnswer.badGateway(String.valueOf(e.getMessage())));
        } catch (IllegalArgumentException e) {
            return refused(ErrorAnswer.badRequest(String.valueOf(e.getMessage())));
        }
        return choose(binding, local, binding.tree(), 0);
    }

    private Binding cached(String token) {
        long version = version();
        Binding known = bindings.get(token);
        if (known != null && known.version() == version) {
            return known;
        }
        Binding fresh = bind(token, dtab);
        if (bindings.size() >= maxNames) {
            bindings.clear();
        }
        bindings.put(token, fresh);
        return fresh;
    }

    private Binding bind(String token, Dtab table) {
        long version = version();
        List<Identifiers.Candidate> candidates = Identifiers.candidates(token);
        for (Identifiers.Candidate candidate : candidates) {
            NameTree<Name.Bound> tree = Binder.bind(table, namers, candidate.path());
            boolean tooShort = candidate.whole()
                    && tree instanceof NameTree.Leaf<Name.Bound> leaf
                    && !leaf.value().residual().isEmpty();
            if (!tree.isNeg() && !tooShort) {
                return new Binding(version, candidate.path(), candidate.path().show(), tree.map(Target::of));
            }
        }
        Path first = candidates.get(0).path();
        return new Binding(version, first, first.show(), NameTree.neg());
    }

    private long version() {
        return endpoints.get().appsVersion() + fs.map(FsNamer::version).orElse(0L);
    }

    private static Dtab localDtab(HttpHeaders headers) {
        if (!headers.contains("l5d-dtab") && !headers.contains("l5d-ctx-dtab")) {
            return Dtab.EMPTY;
        }
        Dtab context = Dtab.parse(String.join(";", headers.getAll("l5d-ctx-dtab")));
        return context.concat(Dtab.parse(String.join(";", headers.getAll("l5d-dtab"))));
    }

    private Answer choose(Binding binding, Dtab local, NameTree<Target> tree, int depth) {
        String name = binding.name();
        return tree.match(new NameTree.Cases<Target, Answer>() {
            @Override
            public Answer leaf(Target target) {
                return to(binding, local, target);
            }

            @Override
            public Answer neg() {
                if (clustered && !endpoints.get().fed()) {
                    return refused(ErrorAnswer.unavailable("endpoints are not known yet; try again"));
                }
                return refused(ErrorAnswer.noBrokers(name, "no such name (neg)"));
            }

            @Override
            public Answer empty() {
                return refused(ErrorAnswer.noBrokers(name, "nobody there (empty)"));
            }

            @Override
            public Answer fail() {
                return refused(ErrorAnswer.noBrokers(name, "delegated to failure (fail)"));
            }

            @Override
            public Answer alt(List<NameTree<Target>> trees) {
                throw new IllegalStateException("a bound tree has no Alt");
            }

            @Override
            public Answer union(List<NameTree.Weighted<Target>> trees) {
                return depth > MAX_UNION_DEPTH ? neg() : choose(binding, local, weighted(trees), depth + 1);
            }
        });
    }

    private static NameTree<Target> weighted(List<NameTree.Weighted<Target>> trees) {
        double total = trees.stream().mapToDouble(NameTree.Weighted::weight).sum();
        double at = ThreadLocalRandom.current().nextDouble() * total;
        for (NameTree.Weighted<Target> branch : trees) {
            at -= branch.weight();
            if (at < 0) {
                return branch.tree();
            }
        }
        return trees.get(trees.size() - 1).tree();
    }

    private Answer to(Binding binding, Dtab local, Target target) {
        Destination destination = destinations.get(
                target.idText(), id -> new LiveDestination(id, addresses(target.id()), policies.client(target.id())));
        Service service = services.get(binding.name(), unused -> new Service(policies.service(binding.path())));
        String shown = local.entries().isEmpty() ? "" : local.show();
        return new To(binding.name(), service, destination, target.residual(), shown);
    }

    /** The addresses behind a bound id; nobody for an id no namer of ours made. */
    Supplier<List<Address>> addresses(Path id) {
        return finback.addresses(id)
                .or(() -> fs.flatMap(files -> files.addresses(id)))
                .or(() -> inet(id))
                .orElse(() -> List.of());
    }

    private static Optional<Supplier<List<Address>>> inet(Path id) {
        if (!id.startsWith(Path.of("$", "inet"))) {
            return Optional.empty();
        }
        List<String> elements = id.elements();
        String host = elements.size() == 4 ? elements.get(2) : "127.0.0.1";
        List<Address> address = List.of(new Address(host, Integer.parseInt(elements.get(elements.size() - 1))));
        return Optional.of(() -> address);
    }

    private static Answer refused(ErrorAnswer error) {
        return new Refused(error);
    }

    Dtab dtab() {
        return dtab;
    }

    Namer namers() {
        return namers;
    }

    EndpointsSnapshot endpoints() {
        return endpoints.get();
    }

    Map<String, LiveDestination> destinations() {
        return destinations.all();
    }

    Map<String, Service> services() {
        return services.all();
    }
}
