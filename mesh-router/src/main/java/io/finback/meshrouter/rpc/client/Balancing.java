package io.finback.meshrouter.rpc.client;

import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.rpc.Address;
import io.finback.meshrouter.rpc.Common;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.Stack;
import io.finback.meshrouter.rpc.StatsReceiver;
import io.finback.meshrouter.rpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Chooses an endpoint for each session. Endpoints of one weight have a balancer of their own, unless it weighs them itself; which of those is asked is a matter of chance
 * by weight times size, and one without an open endpoint is passed over. Until endpoints are known, at most {@link #MAX_WAITING} callers wait.
 * Source: twitter/finagle {@code loadbalancer/{Balancer,TrafficDistributor}.scala}.
 */
final class Balancing<Q extends @Nullable Object, R extends @Nullable Object> implements ServiceFactory<Q, R> {
    private static final int MAX_WAITING = 100_000;

    private record Weighted<Q extends @Nullable Object, R extends @Nullable Object>(
            double share, Balancer balancer, List<EndpointNode<Q, R>> nodes) {
        boolean isOpen(long now) {
            for (EndpointNode<Q, R> node : nodes) {
                if (node.isOpen(now)) {
                    return true;
                }
            }
            return false;
        }
    }

    private record Waiting<Q extends @Nullable Object, R extends @Nullable Object>(
            Context context, Reply<Service<Q, R>> reply) {}

    private final Params params;
    private final Stack.Leaf<Q, R> below;
    private final Balancer.Spec spec;
    private final String label;
    private final StatsReceiver.Counter adds;
    private final StatsReceiver.Counter removes;
    private final StatsReceiver.Counter updates;
    private final StatsReceiver.Counter panicked;
    private final Runnable stopWatching;
    private final Map<Address, EndpointNode<Q, R>> known = new LinkedHashMap<>();
    private final ArrayDeque<Waiting<Q, R>> waiting = new ArrayDeque<>();
    private volatile @Nullable List<Weighted<Q, R>> classes;
    private volatile int size;
    private boolean closed;

    Balancing(Params params, Stack.Leaf<Q, R> below) {
        this.params = params;
        this.below = below;
        spec = params.get(ClientParams.BALANCER);
        label = params.get(Common.LABEL);
        StatsReceiver stats = params.get(Common.STATS).scope("loadbalancer");
        adds = stats.counter("adds");
        removes = stats.counter("removes");
        updates = stats.counter("updates");
        panicked = stats.counter("panicked");
        stats.gauge("size", () -> size);
        stats.gauge("available", () -> having(Status.OPEN));
        stats.gauge("busy", () -> having(Status.BUSY));
        stats.gauge("closed", () -> having(Status.CLOSED));
        stats.gauge("load", this::load);
        stats.gauge("num_weight_classes", () -> all().size());
        stats.counter("algorithm/" + spec.kind().text()).increment();
        stopWatching = params.get(ClientParams.REPLICAS).watch(this::update);
    }

    @Override
    public Reply<Service<Q, R>> acquire(Context context) {
        List<Weighted<Q, R>> now = classes;
        return now == null ? pending(context) : acquire(now, context);
    }

    private Reply<Service<Q, R>> acquire(List<Weighted<Q, R>> now, Context context) {
        if (now.isEmpty()) {
            return Reply.failed(new Failure.NoEndpoints(label, params.get(ClientParams.DESTINATION)));
        }
        long clock = System.nanoTime();
        Weighted<Q, R> chosen = now.size() == 1 ? now.get(0) : choose(now, clock);
        EndpointNode<Q, R> node = chosen.nodes().size() == 1
                ? chosen.nodes().get(0)
                : chosen.balancer().pick(chosen.nodes(), clock, ThreadLocalRandom.current());
        if (!node.isOpen(clock)) {
            panicked.increment();
        }
        return node.acquire(context, clock);
    }

    private Weighted<Q, R> choose(List<Weighted<Q, R>> now, long clock) {
        double total = 0;
        for (Weighted<Q, R> each : now) {
            total += each.isOpen(clock) ? each.share() : 0;
        }
        boolean anyOpen = total > 0;
        if (!anyOpen) {
            for (Weighted<Q, R> each : now) {
                total += each.share();
            }
        }
        double dice = ThreadLocalRandom.current().nextDouble() * total;
        Weighted<Q, R> last = now.get(0);
        for (Weighted<Q, R> each : now) {
            if (anyOpen && !each.isOpen(clock)) {
                continue;
            }
            last = each;
            dice -= each.share();
            if (dice < 0) {
                break;
            }
        }
        return last;
    }

    private synchronized Reply<Service<Q, R>> pending(Context context) {
        List<Weighted<Q, R>> now = classes;
        if (now != null) {
            return acquire(now, context);
        }
        if (closed) {
            return Reply.failed(new Failure.Closed(label));
        }
        if (waiting.size() >= MAX_WAITING) {
            return Reply.failed(new Failure.TooManyWaiters(MAX_WAITING));
        }
        Reply<Service<Q, R>> reply = new Reply<>();
        Waiting<Q, R> entry = new Waiting<>(context, reply);
        waiting.add(entry);
        reply.onInterrupt(why -> {
            forget(entry);
            reply.fail(why);
        });
        return reply;
    }

    private synchronized void forget(Waiting<Q, R> entry) {
        waiting.remove(entry);
    }

    private void update(List<Address> addresses) {
        List<EndpointNode<Q, R>> gone = new ArrayList<>();
        List<Waiting<Q, R>> waited;
        synchronized (this) {
            if (closed) {
                return;
            }
            updates.increment();
            Map<Address, EndpointNode<Q, R>> before = new LinkedHashMap<>(known);
            known.clear();
            for (Address address : addresses) {
                EndpointNode<Q, R> node = before.remove(address);
                known.put(address, node != null ? node : added(address));
            }
            gone.addAll(before.values());
            size = known.size();
            boolean parted = !spec.balancer().get().weighs();
            Map<Double, List<EndpointNode<Q, R>>> byWeight = new TreeMap<>();
            known.forEach((address, node) -> byWeight.computeIfAbsent(
                            parted ? address.weight() : 1, weight -> new ArrayList<>())
                    .add(node));
            List<Weighted<Q, R>> all = new ArrayList<>();
            byWeight.forEach((weight, nodes) -> all.add(
                    new Weighted<>(weight * nodes.size(), spec.balancer().get(), List.copyOf(nodes))));
            classes = List.copyOf(all);
            waited = new ArrayList<>(waiting);
            waiting.clear();
        }
        if (params.get(ClientParams.EAGER_CONNECTIONS)) {
            connectAhead();
        }
        for (Waiting<Q, R> entry : waited) {
            entry.reply().become(acquire(entry.context()));
        }
        for (EndpointNode<Q, R> node : gone) {
            removes.increment();
            var unused = node.close(Duration.ofDays(1));
        }
    }

    /** One that joins later, for an aperture widens, is connected by its first call. */
    private void connectAhead() {
        long now = System.nanoTime();
        for (Weighted<Q, R> each : all()) {
            each.balancer().members(each.nodes(), ThreadLocalRandom.current()).forEach(node -> node.connectAhead(now));
        }
    }

    private EndpointNode<Q, R> added(Address address) {
        adds.increment();
        Params own = params.with(ClientParams.ENDPOINT, address).with(ClientParams.ALONE, () -> size == 1);
        return new EndpointNode<>(spec, address, below.make(own));
    }

    private List<Weighted<Q, R>> all() {
        List<Weighted<Q, R>> now = classes;
        return now == null ? List.of() : now;
    }

    private int having(Status status) {
        return (int) all().stream()
                .flatMap(each -> each.nodes().stream())
                .filter(node -> node.status() == status)
                .count();
    }

    private double load() {
        long now = System.nanoTime();
        return all().stream()
                .flatMap(each -> each.nodes().stream())
                .mapToDouble(node -> node.load(now))
                .sum();
    }

    @Override
    public Status status() {
        List<Weighted<Q, R>> now = classes;
        if (now == null) {
            return closed ? Status.CLOSED : Status.BUSY;
        }
        Status best = Status.CLOSED;
        for (Weighted<Q, R> each : now) {
            for (EndpointNode<Q, R> node : each.nodes()) {
                best = Status.best(best, node.status());
                if (best == Status.OPEN) {
                    return best;
                }
            }
        }
        return now.isEmpty() ? Status.OPEN : best;
    }

    @Override
    public CompletionStage<@Nullable Void> close(Duration grace) {
        stopWatching.run();
        List<Waiting<Q, R>> waited;
        List<CompletionStage<?>> closing = new ArrayList<>();
        synchronized (this) {
            closed = true;
            waited = new ArrayList<>(waiting);
            waiting.clear();
            known.values().forEach(node -> closing.add(node.close(grace)));
        }
        waited.forEach(entry -> entry.reply().fail(new Failure.Closed(label)));
        return Reply.ended(closing);
    }
}
