package io.finback.meshrouter.router;

import io.finback.meshrouter.balance.Balancer;
import io.finback.meshrouter.resilience.RetryBudget;
import io.finback.meshrouter.traffic.ClientPolicy;
import io.finback.meshrouter.traffic.Destination;
import io.finback.meshrouter.traffic.Endpoint;
import io.finback.meshrouter.traffic.Stats;
import io.finback.names.Address;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;

/** A destination that follows its source of addresses: asks at every request, and rebuilds only when the list is another object. */
public final class LiveDestination implements Destination {
    private record View(
            List<Address> source,
            Map<Address, Endpoint> byAddress,
            List<Endpoint> endpoints,
            List<WeightClass> classes) {}

    /** Endpoints of one weight have a balancer of their own. Source: twitter/finagle TrafficDistributor.scala. */
    private record WeightClass(double total, List<Endpoint> endpoints, Balancer balancer) {}

    private final String id;
    private final Supplier<List<Address>> source;
    private final ClientPolicy policy;
    private final Balancer balancer;
    private final RetryBudget requeues;
    private final Stats stats = new Stats();
    private volatile View view = new View(List.of(), Map.of(), List.of(), List.of());

    LiveDestination(String id, Supplier<List<Address>> source, ClientPolicy policy) {
        this.id = id;
        this.source = source;
        this.policy = policy;
        this.balancer = policy.balancer().balancer().get();
        this.requeues = new RetryBudget(policy.requeues());
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public Stats stats() {
        return stats;
    }

    @Override
    public Endpoint pick(List<Endpoint> candidates, long nowNanos) {
        List<WeightClass> classes = view.classes();
        if (classes.isEmpty()) {
            return balancer.pick(candidates, nowNanos, ThreadLocalRandom.current());
        }
        WeightClass among = drawn(classes);
        List<Endpoint> left = candidates.size() == view.endpoints().size()
                ? among.endpoints()
                : candidates.stream().filter(among.endpoints()::contains).toList();
        return left.isEmpty()
                ? balancer.pick(candidates, nowNanos, ThreadLocalRandom.current())
                : among.balancer().pick(left, nowNanos, ThreadLocalRandom.current());
    }

    /** A class, as likely as the weights of its endpoints together. */
    private static WeightClass drawn(List<WeightClass> classes) {
        double total = 0;
        for (WeightClass each : classes) {
            total += each.total();
        }
        double at = ThreadLocalRandom.current().nextDouble() * total;
        for (WeightClass each : classes) {
            at -= each.total();
            if (at < 0) {
                return each;
            }
        }
        return classes.get(classes.size() - 1);
    }

    /** Empty when all weigh the same, or the balancer sees to it. */
    private List<WeightClass> classes(List<Endpoint> endpoints) {
        if (balancer.weighs()) {
            return List.of();
        }
        Map<Double, List<Endpoint>> byWeight = new TreeMap<>();
        endpoints.forEach(e ->
                byWeight.computeIfAbsent(e.weight(), w -> new ArrayList<>()).add(e));
        List<WeightClass> classes = new ArrayList<>();
        if (byWeight.size() > 1) {
            byWeight.forEach((weight, same) -> classes.add(new WeightClass(
                    weight * same.size(),
                    List.copyOf(same),
                    policy.balancer().balancer().get())));
        }
        return List.copyOf(classes);
    }

    @Override
    public ClientPolicy policy() {
        return policy;
    }

    @Override
    public RetryBudget requeues() {
        return requeues;
    }

    @Override
    @SuppressWarnings(
            "ReferenceEquality") // sources promise the same object until they change; equals would cost O(n) per
    // request
    public List<Endpoint> endpoints() {
        View current = view;
        List<Address> now = source.get();
        return current.source() == now ? current.endpoints() : follow(now).endpoints();
    }

    private synchronized View follow(List<Address> now) {
        View before = view;
        Map<Address, Endpoint> byAddress = new HashMap<>();
        List<Endpoint> endpoints = new ArrayList<>();
        for (Address address : now) {
            Endpoint kept = before.byAddress().get(address);
            Endpoint endpoint =
                    kept != null ? kept : new Endpoint(address.host(), address.port(), address.weight(), policy);
            if (byAddress.putIfAbsent(address, endpoint) == null) {
                endpoints.add(endpoint);
            }
        }
        before.byAddress().forEach((address, endpoint) -> {
            if (!byAddress.containsKey(address)) {
                endpoint.retire();
            }
        });
        View after = new View(now, Map.copyOf(byAddress), List.copyOf(endpoints), classes(endpoints));
        view = after;
        return after;
    }

    /** Nobody will ask again: idle connections may go. */
    void retire() {
        view.endpoints().forEach(Endpoint::retire);
    }
}
