package io.finback.runtime;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import io.finback.persistence.Persistence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes the ActorSystems of a node. {@code settings} is always the whole resolved configuration with the {@code finback} tree in it;
 * what Akka needs is derived from that tree alone, so that one key is set in one place.
 */
public final class ClusterSystem {
    /** Every member of one cluster has this name. */
    public static final String NAME = "finback";

    private ClusterSystem() {}

    /**
     * Starts a system that is a cluster member. It joins {@code finback.cluster.seeds}, or itself when that is empty and the role is
     * {@link Role#MASTER}. Throws {@link StartFailure} when the address cannot be bound.
     */
    public static <T> ActorSystem<T> member(Behavior<T> guardian, Config settings, Role role) {
        Config config = memberConfig(settings, role);
        if (role == Role.MASTER) {
            Persistence.prepare(settings);
        }
        try {
            return ActorSystem.create(guardian, NAME, config);
        } catch (StartFailure e) {
            throw e;
        } catch (RuntimeException e) {
            throw new StartFailure(
                    "finback.cluster: cannot listen on " + settings.getString("finback.cluster.host") + ":"
                            + settings.getInt("finback.cluster.port") + " (" + rootMessage(e)
                            + "); stop what uses the port or set finback.cluster.port",
                    e);
        }
    }

    /** Starts a system without remoting, for work that must outlive the node's membership. */
    public static <T> ActorSystem<T> local(Behavior<T> guardian, String name, Config settings) {
        return ActorSystem.create(guardian, name, localConfig(settings));
    }

    static Config localConfig(Config settings) {
        return ConfigFactory.parseMap(Map.of("akka.actor.provider", "local"))
                .withFallback(settings)
                .withFallback(ConfigFactory.parseResources("finback-node.conf"))
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
    }

    static Config memberConfig(Config settings, Role role) {
        String host = settings.getString("finback.cluster.host");
        int port = settings.getInt("finback.cluster.port");
        List<String> seeds = new ArrayList<>();
        for (String seed : settings.getStringList("finback.cluster.seeds")) {
            seeds.add("akka://" + NAME + "@" + seed);
        }
        if (seeds.isEmpty() && role == Role.MASTER) {
            seeds.add("akka://" + NAME + "@" + host + ":" + port);
        }
        Map<String, Object> derived = new HashMap<>();
        derived.put("akka.remote.artery.canonical.hostname", host);
        derived.put("akka.remote.artery.canonical.port", port);
        derived.put("akka.cluster.seed-nodes", seeds);
        derived.put("akka.cluster.roles", role.clusterRoles());
        derived.put("akka.management.http.hostname", settings.getString("finback.management.host"));
        derived.put("akka.management.http.port", settings.getInt("finback.management.port"));
        return ConfigFactory.parseMap(derived)
                .withFallback(settings)
                .withFallback(role == Role.MASTER ? Persistence.layer(settings) : ConfigFactory.empty())
                .withFallback(ConfigFactory.parseResources("finback-cluster.conf"))
                .withFallback(ConfigFactory.parseResources("finback-node.conf"))
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
    }

    /** Joins path elements as HOCON does, for keys with dots or slashes in them. */
    static String path(String... elements) {
        return ConfigUtil.joinPath(elements);
    }

    private static String rootMessage(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }
}
