package io.finback.runtime;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.persistence.ClusterTable;
import io.finback.persistence.Persistence;
import io.finback.settings.ClusterSettings;
import io.finback.settings.ManagementSettings;
import io.finback.settings.NodeConfig;
import io.finback.tls.NodeTls;
import io.finback.tls.TlsSettings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes the ActorSystems of a node. {@code settings} is always the whole resolved configuration with the {@code finback} tree in it;
 * what Akka needs is derived from that tree alone, so that one key is set in one place.
 */
public final class ClusterSystem {
    /** Every member of one cluster has this name. */
    public static final String NAME = "finback";

    private static final int MAX_MASTER_LANES = 4;

    private ClusterSystem() {}

    /**
     * Starts a system that is a cluster member. It joins {@code finback.cluster.seeds}, or whom {@code finback.cluster.discovery} finds
     * once {@link Management} is started, or itself when neither is set and the role is {@link Role#MASTER}. Throws {@link StartFailure} when the address cannot be bound.
     */
    public static <T> ActorSystem<T> member(Behavior<T> guardian, Config settings, Role role) {
        Config config = memberConfig(settings, role);
        if (role == Role.MASTER) {
            Persistence.prepare(settings);
        }
        ActorSystem<T> system = create(guardian, config, settings);
        if (role == Role.MASTER) {
            var unused = system.systemActorOf(MembershipResponder.create(), MembershipResponder.NAME, Props.empty());
            ClusterSettings cluster = ClusterSettings.from(settings);
            Optional<ClusterTable> table = ClusterTable.of(settings);
            if (mayForm(cluster, settings, role)) {
                Optional<Tenures> tenures =
                        table.map(each -> new Tenures(each, cluster.tenure().expiresAfter()));
                var unusedSeed =
                        system.systemActorOf(FirstSeed.create(cluster, tenures), FirstSeed.NAME, Props.empty());
            }
            if (table.isPresent()) {
                var unusedTenure = system.systemActorOf(
                        ClusterTenure.create(table.get(), cluster), ClusterTenure.NAME, Props.empty());
            }
            var unusedWatch = system.systemActorOf(CrashWatch.create(), CrashWatch.NAME, Props.empty());
        }
        return system;
    }

    /** A member that {@link ClusterLink} brings into the cluster and ends without ceremony. */
    static <T> ActorSystem<T> linked(Behavior<T> guardian, Config settings, Role role) {
        return create(guardian, linkedConfig(settings, role), settings);
    }

    /** Starts a system without remoting, for work of such a node that must outlive its membership: {@code finback-<role>}. */
    public static <T> ActorSystem<T> local(Behavior<T> guardian, Role role, Config settings) {
        return ActorSystem.create(guardian, "finback-" + role.id(), localConfig(settings, role));
    }

    private static <T> ActorSystem<T> create(Behavior<T> guardian, Config config, Config settings) {
        try {
            ActorSystem<T> system = ActorSystem.create(guardian, NAME, config);
            var unused = system.systemActorOf(
                    KeptUp.create("downing", Downing.create(ClusterSettings.from(settings))),
                    Downing.NAME,
                    Props.empty());
            return system;
        } catch (StartFailure e) {
            throw e;
        } catch (RuntimeException e) {
            throw new StartFailure(
                    "finback.cluster: cannot listen on "
                            + ClusterSettings.from(settings).listen() + " (" + rootMessage(e)
                            + "); stop what uses the port or set finback.cluster.port",
                    e);
        }
    }

    static Config localConfig(Config settings, Role role) {
        return layered(
                managementAddress(settings), settings, ofRole(role).withFallback(resource("finback-local.conf")));
    }

    /** What only nodes of one role say, if there is anything. */
    private static Config ofRole(Role role) {
        return resource("finback-" + role.id() + ".conf");
    }

    static Config linkedConfig(Config settings, Role role) {
        return ConfigFactory.parseMap(Map.of(
                        // The probe joins, and terminate() means now.
                        "akka.cluster.seed-nodes", List.of(),
                        "akka.coordinated-shutdown.run-by-actor-system-terminate", "off",
                        "akka.remote.artery.advanced.shutdown-flush-timeout", "200 ms"))
                .withFallback(memberConfig(settings, role));
    }

    static Config memberConfig(Config settings, Role role) {
        ClusterSettings cluster = ClusterSettings.from(settings);
        List<String> seeds = cluster.seeds().stream()
                .map(seed -> "akka://" + NAME + "@" + seed)
                .toList();
        if (mayForm(cluster, settings, role)) {
            // Akka would form a cluster as soon as nobody answers.
            seeds = List.of();
        } else if (!cluster.knowsMasters() && role == Role.MASTER) {
            seeds = List.of("akka://" + NAME + "@" + cluster.listen());
        }
        Map<String, Object> derived = managementAddress(settings);
        derived.putAll(MasterLookup.akka(cluster));
        derived.put("akka.remote.artery.canonical.hostname", cluster.listen().host());
        derived.put("akka.remote.artery.canonical.port", cluster.listen().port());
        derived.put("akka.remote.artery.advanced.inbound-lanes", lanes(role));
        derived.put("akka.cluster.seed-nodes", seeds);
        derived.put("akka.cluster.roles", role.clusterRoles());
        derived.putAll(remoting(settings));
        Config persistence = role == Role.MASTER ? Persistence.layer(settings) : ConfigFactory.empty();
        return layered(
                derived,
                settings,
                persistence.withFallback(ofRole(role)).withFallback(resource("finback-cluster.conf")));
    }

    /** Whether it is for {@link FirstSeed} to bring it in: the first of several seeds, or a lone master whose database others may use, too. */
    private static boolean mayForm(ClusterSettings cluster, Config settings, Role role) {
        if (role != Role.MASTER || cluster.discovery().used()) {
            return false;
        }
        boolean first = !cluster.seeds().isEmpty()
                && cluster.seeds().get(0).toString().equals(cluster.listen().toString());
        boolean alone = cluster.seeds().isEmpty() || (first && cluster.seeds().size() == 1);
        return alone ? ClusterTable.of(settings).isPresent() : first;
    }

    /** Mutual TLS between nodes, by Akka's own engine: it shows and asks for certificates, and follows files that are replaced. */
    private static Map<String, Object> remoting(Config settings) {
        Optional<NodeTls> tls = NodeTls.from(settings);
        if (tls.isEmpty() || !tls.get().settings().remoting()) {
            return Map.of();
        }
        TlsSettings.Files files = tls.get().settings().files().orElseThrow();
        String engine = "akka.remote.artery.ssl.rotating-keys-engine.";
        return Map.of(
                "akka.remote.artery.transport",
                "tls-tcp",
                "akka.remote.artery.ssl.ssl-engine-provider",
                "akka.remote.artery.tcp.ssl.RotatingKeysSSLEngineProvider",
                engine + "cert-file",
                files.certificate().toString(),
                engine + "key-file",
                files.key().toString(),
                engine + "ca-cert-file",
                files.authorities().toString(),
                engine + "ssl-context-cache-ttl",
                tls.get().settings().refresh().toMillis() + " ms");
    }

    /** Lanes are threads' worth of decoding; only a master hears a whole fleet. */
    private static int lanes(Role role) {
        return role == Role.MASTER
                ? Math.max(1, Math.min(MAX_MASTER_LANES, Runtime.getRuntime().availableProcessors() / 2))
                : 1;
    }

    private static Map<String, Object> managementAddress(Config settings) {
        ManagementSettings management = ManagementSettings.from(settings);
        Map<String, Object> derived = new HashMap<>();
        String host = management.listen().host();
        if (host.equals("0.0.0.0") || host.equals("::")) {
            // Others are told where to find it, which no wildcard says.
            derived.put(
                    "akka.management.http.hostname",
                    ClusterSettings.from(settings).listen().host());
            derived.put("akka.management.http.bind-hostname", host);
        } else {
            derived.put("akka.management.http.hostname", host);
        }
        derived.put("akka.management.http.port", management.listen().port());
        return derived;
    }

    private static Config resource(String name) {
        return ConfigFactory.parseResources(name);
    }

    private static Config layered(Map<String, Object> derived, Config settings, Config ours) {
        return ConfigFactory.parseMap(derived)
                // Were the defaults of the libraries in here, they would hide ours.
                .withFallback(NodeConfig.said(settings))
                .withFallback(ours)
                .withFallback(resource("finback-node.conf"))
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
    }

    private static String rootMessage(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }
}
