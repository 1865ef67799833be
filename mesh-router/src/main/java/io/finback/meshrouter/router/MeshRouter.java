package io.finback.meshrouter.router;

import io.finback.meshrouter.namers.Changes;
import io.finback.meshrouter.namers.Interpreter;
import io.finback.meshrouter.traffic.Destination;
import io.finback.meshrouter.traffic.ErrorAnswer;
import io.finback.meshrouter.traffic.RequestHead;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.Service;
import io.finback.names.Dtab;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.NamingException;
import io.finback.names.NotYetKnown;
import io.finback.names.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;

/**
 * From request to destination: identify, bind through the interpreter, choose. Thread-safe; answers from memory.
 *
 * <p>Bindings are cached by identifying text, and by the request's own dtab if it has one, until a name begins or ceases to mean something.
 * All tables are bounded.
 */
public final class MeshRouter implements Routing {
    private static final int MAX_UNION_DEPTH = 100;

    /** A bound leaf with its texts, which every request needs. */
    private record Target(Path id, String idText, String residual) {
        static Target of(Name.Bound bound) {
            return new Target(bound.id(), bound.id().show(), bound.residual().show());
        }
    }

    /**
     * A name as it is bound now.
     *
     * @param version the names' version it was bound at
     * @param localDtab the request's own, as {@code l5d-ctx-dtab} passes it on
     */
    private record Binding(long version, Path path, String name, String localDtab, NameTree<Target> tree) {}

    /** An identifier, and what its keys were bound to. */
    private record Known(Identifier identifier, ConcurrentHashMap<String, Binding> bindings) {}

    /** How a table of this router does, since the start. */
    public record CacheCounts(long misses, long evictions) {}

    private static final class Counting {
        final LongAdder misses = new LongAdder();
        final LongAdder evictions = new LongAdder();
    }

    private final Counting bindings = new Counting();
    private final RouterSpec spec;
    private final Interpreter interpreter;
    private final Changes changes;
    private final List<Known> known = new ArrayList<>();
    private final Bounded<LiveDestination> destinations;
    private final Bounded<Service> services;

    public MeshRouter(RouterSpec spec, Changes changes) {
        this.spec = spec;
        this.interpreter = spec.interpreter();
        this.changes = changes;
        spec.identifiers().forEach(identifier -> known.add(new Known(identifier, new ConcurrentHashMap<>())));
        destinations = new Bounded<>(spec.maxNames().clients(), LiveDestination::retire);
        services = new Bounded<>(spec.maxNames().paths(), service -> {});
    }

    @Override
    public Answer route(RequestHead head) {
        for (Known each : known) {
            String key = each.identifier().key(head);
            if (key != null) {
                return route(head, each, key);
            }
        }
        List<String> expected =
                known.stream().map(each -> each.identifier().expectation()).toList();
        return refused(ErrorAnswer.unidentified(
                "Unknown destination: " + (head.method().isEmpty() ? "request" : head.method()) + " without "
                        + String.join(", or ", expected)));
    }

    private Answer route(RequestHead head, Known by, String key) {
        long version = changes.version();
        try {
            String local = head.localDtab();
            String cacheKey = local.isEmpty() ? key : key + '\n' + local;
            Binding binding = by.bindings().get(cacheKey);
            if (binding == null || binding.version() != version) {
                bindings.misses.increment();
                binding = bind(version, by.identifier().candidates(key), local);
                if (by.bindings().size() >= spec.maxNames().paths()) {
                    bindings.evictions.add(by.bindings().size());
                    by.bindings().clear();
                }
                by.bindings().put(cacheKey, binding);
            }
            Answer answer = choose(binding, binding.tree(), 0);
            if (answer instanceof To) {
                by.identifier().forward(head);
            }
            return answer;
        } catch (NotYetKnown e) {
            return new Waiting(String.valueOf(e.getMessage()), waiter -> changes.next(version, waiter));
        } catch (NamingException e) {
            return refused(ErrorAnswer.badGateway(String.valueOf(e.getMessage())));
        } catch (IllegalArgumentException e) {
            return refused(ErrorAnswer.badRequest(String.valueOf(e.getMessage())));
        }
    }

    private Binding bind(long version, List<Identifier.Candidate> candidates, String local) {
        Dtab own = Dtab.parse(local);
        Dtab table = spec.dtab().concat(own);
        String shown = own.entries().isEmpty() ? "" : own.show();
        for (Identifier.Candidate candidate : candidates) {
            NameTree<Name.Bound> tree = interpreter.bind(table, candidate.path());
            boolean tooShort = candidate.whole()
                    && tree instanceof NameTree.Leaf<Name.Bound> leaf
                    && !leaf.value().residual().isEmpty();
            if (!tree.isNeg() && !tooShort) {
                return new Binding(version, candidate.path(), candidate.path().show(), shown, tree.map(Target::of));
            }
        }
        Path first = candidates.get(0).path();
        return new Binding(version, first, first.show(), shown, NameTree.neg());
    }

    private Answer choose(Binding binding, NameTree<Target> tree, int depth) {
        String name = binding.name();
        return tree.match(new NameTree.Cases<Target, Answer>() {
            @Override
            public Answer leaf(Target target) {
                return to(binding, target);
            }

            @Override
            public Answer neg() {
                return spec.notYet()
                        .get()
                        .map(why -> refused(ErrorAnswer.unavailable(why)))
                        .orElseGet(() -> refused(ErrorAnswer.noBrokers(name, "no such name (neg)")));
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
                return depth > MAX_UNION_DEPTH ? neg() : choose(binding, weighted(trees), depth + 1);
            }
        });
    }

    private static NameTree<Target> weighted(List<NameTree.Weighted<Target>> trees) {
        double total = 0;
        for (NameTree.Weighted<Target> branch : trees) {
            total += branch.weight();
        }
        double at = ThreadLocalRandom.current().nextDouble() * total;
        for (NameTree.Weighted<Target> branch : trees) {
            at -= branch.weight();
            if (at < 0) {
                return branch.tree();
            }
        }
        return trees.get(trees.size() - 1).tree();
    }

    private Answer to(Binding binding, Target target) {
        Destination destination = destinations.get(
                target.idText(),
                id -> new LiveDestination(
                        id, interpreter.addresses(target.id()), spec.policies().client(target.id())));
        Service service = services.get(
                binding.name(), unused -> new Service(spec.policies().service(binding.path())));
        return new To(binding.name(), service, destination, target.residual(), binding.localDtab());
    }

    private static Answer refused(ErrorAnswer error) {
        return new Refused(error);
    }

    /** What it is made of. */
    public RouterSpec spec() {
        return spec;
    }

    /** Of names and the trees they are bound to: a miss also when the names have changed since. */
    public CacheCounts bindingCounts() {
        return new CacheCounts(bindings.misses.sum(), bindings.evictions.sum());
    }

    /** Of bound names and their clients. */
    public CacheCounts destinationCounts() {
        return new CacheCounts(destinations.misses(), destinations.evictions());
    }

    /** Of bound names now, by id. */
    public Map<String, LiveDestination> destinations() {
        return destinations.all();
    }

    /** Of logical names, by path. */
    public Map<String, Service> services() {
        return services.all();
    }
}
