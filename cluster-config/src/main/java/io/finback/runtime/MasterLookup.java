package io.finback.runtime;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import akka.discovery.Discovery;
import akka.discovery.Lookup;
import akka.discovery.ServiceDiscovery;
import io.finback.settings.ClusterSettings;
import io.finback.settings.DiscoverySettings;
import io.finback.settings.HostPort;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Where masters are, as Artery addresses ({@code akka://finback@host:port}): {@code finback.cluster.seeds}, or what
 * {@code finback.cluster.discovery} finds. Masters themselves find each other by Akka's Cluster Bootstrap, which is set from the same
 * keys ({@link #akka}). Immutable.
 */
final class MasterLookup {
    private static final Duration TIMEOUT = Duration.ofSeconds(3);

    private final List<String> seeds;
    private final DiscoverySettings discovery;

    private MasterLookup(List<String> seeds, DiscoverySettings discovery) {
        this.seeds = seeds;
        this.discovery = discovery;
    }

    static MasterLookup of(ClusterSettings cluster) {
        return new MasterLookup(cluster.seeds().stream().map(MasterLookup::url).toList(), cluster.discovery());
    }

    /** What is known without asking. */
    List<String> seeds() {
        return seeds;
    }

    /** Whether asking again may tell something else. */
    boolean asks() {
        return discovery.used();
    }

    /** Asks once. Fails when whoever is asked does not answer within three seconds, or refuses. */
    CompletionStage<List<String>> ask(ActorSystem<?> system) {
        if (!asks()) {
            return CompletableFuture.completedFuture(seeds);
        }
        ServiceDiscovery asked = Discovery.get(Adapter.toClassic(system)).loadServiceDiscovery(id(discovery.method()));
        return asked.lookup(Lookup.create(discovery.service()), TIMEOUT)
                .thenApply(found -> found.getAddresses().stream()
                        .map(this::address)
                        .distinct()
                        .sorted()
                        .toList());
    }

    /** The port is ours to say: a name tells addresses, and Kubernetes every port of a pod. */
    private String address(ServiceDiscovery.ResolvedTarget target) {
        Optional<InetAddress> address = target.getAddress();
        return url(new HostPort(address.map(InetAddress::getHostAddress).orElseGet(target::host), discovery.port()));
    }

    private static String url(HostPort address) {
        return "akka://" + ClusterSystem.NAME + "@" + address;
    }

    /** What Akka Discovery and Cluster Bootstrap need of it; nothing when seeds are used. */
    static Map<String, Object> akka(ClusterSettings cluster) {
        DiscoverySettings discovery = cluster.discovery();
        Map<String, Object> derived = new HashMap<>();
        if (!discovery.used()) {
            return derived;
        }
        Function<String, String> bootstrap = key -> "akka.management.cluster.bootstrap." + key;
        derived.put(bootstrap.apply("contact-point-discovery.discovery-method"), id(discovery.method()));
        derived.put(bootstrap.apply("contact-point-discovery.service-name"), discovery.service());
        derived.put(bootstrap.apply("contact-point-discovery.effective-name"), discovery.service());
        derived.put(bootstrap.apply("contact-point-discovery.protocol"), "");
        derived.put(bootstrap.apply("contact-point-discovery.required-contact-point-nr"), discovery.contactPoints());
        derived.put(
                bootstrap.apply("contact-point-discovery.stable-margin"),
                discovery.stableMargin().toMillis() + " ms");
        derived.put(bootstrap.apply("join-decider.class"), ClaimingJoinDecider.class.getName());
        derived.put(bootstrap.apply("contact-point.fallback-port"), discovery.managementPort());
        derived.put("akka.discovery.kubernetes-api.pod-label-selector", discovery.podLabelSelector());
        derived.put("akka.discovery.kubernetes-api.use-raw-ip", true);
        if (!discovery.namespace().isBlank()) {
            derived.put("akka.discovery.kubernetes-api.pod-namespace", discovery.namespace());
        }
        return derived;
    }

    private static String id(DiscoverySettings.Method method) {
        return switch (method) {
            case DNS -> "akka-dns";
            case KUBERNETES_API -> "kubernetes-api";
            case NONE -> throw new IllegalStateException("no discovery is set");
        };
    }
}
