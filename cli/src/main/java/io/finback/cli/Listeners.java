package io.finback.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import io.finback.meshrouter.boot.RouterNode;
import io.finback.runtime.Role;
import io.finback.settings.HttpListen;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** Finds what a node listens at, from its configuration and, for a router that runs one, its linkerd.yaml. */
final class Listeners {
    private Listeners() {}

    /** The listeners of one node by their keys, such as {@code finback.master.http}; those with {@code enabled = false} are left out. */
    static Map<String, HttpListen> of(Config config, Role role) {
        Map<String, HttpListen> found = new LinkedHashMap<>();
        boolean member = role == Role.MASTER
                || !config.getList("finback.cluster.seeds").isEmpty()
                || !config.getString("finback.cluster.discovery.method").equals("none");
        if (member) {
            found.put("finback.cluster", HttpListen.from(config, "finback.cluster"));
        }
        found.put("finback.management", HttpListen.from(config, "finback.management"));
        if (role == Role.ROUTER
                && !config.getString("finback.router.linkerd-yaml").isEmpty()) {
            found.putAll(RouterNode.listeners(config));
            return found;
        }
        for (String part : Roles.parts(role)) {
            String path = "finback." + part;
            if (config.hasPath(path) && config.getValue(path) instanceof ConfigObject object) {
                collect(config, path, object, found);
            }
        }
        return found;
    }

    private static void collect(Config config, String path, ConfigObject object, Map<String, HttpListen> found) {
        if (object.containsKey("enabled") && !config.getBoolean(path + ".enabled")) {
            return;
        }
        if (object.containsKey("host") && object.containsKey("port")) {
            found.put(path, HttpListen.from(config, path));
        }
        for (Map.Entry<String, ConfigValue> entry : new TreeMap<>(object).entrySet()) {
            if (entry.getValue() instanceof ConfigObject inner) {
                collect(config, path + "." + entry.getKey(), inner, found);
            }
        }
    }
}
