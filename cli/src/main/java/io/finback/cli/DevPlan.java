package io.finback.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.finback.resources.Ranges;
import io.finback.runtime.Ports;
import io.finback.runtime.Role;
import io.finback.runtime.StartFailure;
import io.finback.settings.HttpListen;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Lays out a dev cluster: which nodes, each with its whole configuration, on disjoint ports, directories and resources of one machine.
 * Pure.
 *
 * @param nodes the master first, then the agents, then the router
 */
record DevPlan(List<PlannedNode> nodes) {
    static final int MAX_AGENTS = 50;

    private static final int MAX_PORT = 65_535;
    /** Task ports lie below Linux' ephemeral range (32768..), in which any outgoing connection may sit. */
    private static final int TASK_PORTS = 31_000;

    private static final int TASK_PORTS_COUNT = 1_000;
    private static final int SHIFTED_TASK_PORTS = 10_000;
    private static final int SHIFTED_SLOTS = 15;

    /**
     * One node.
     *
     * @param name what the screen and its directory call it: {@code master}, {@code agent-1}, {@code router}
     */
    record PlannedNode(Role role, String name, Path directory, Config config) {
        Map<String, HttpListen> listeners() {
            return Listeners.of(config, role);
        }
    }

    DevPlan {
        nodes = List.copyOf(nodes);
    }

    /**
     * Throws {@link StartFailure} when the wishes do not fit together.
     *
     * @param base the checked configuration; its ports are those of the first node of each kind, before the offset
     * @param agents 1..50
     */
    static DevPlan of(Config base, Path data, int agents, int portOffset, Machine machine) {
        if (agents < 1 || agents > MAX_AGENTS) {
            throw new StartFailure("--agents: " + agents + " (expected: 1.." + MAX_AGENTS + ")");
        }
        if (!base.getList("finback.cluster.seeds").isEmpty()) {
            throw new StartFailure("finback.cluster.seeds: a dev cluster is complete by itself (expected: not set;"
                    + " to join other nodes start roles: finback master|agent|router)");
        }
        Layout layout = new Layout(base, data, portOffset);
        List<PlannedNode> nodes = new ArrayList<>();
        nodes.add(layout.node(Role.MASTER, "master", 0, 0, Map.of()));
        // Its heap is everybody's here.
        Map<String, Object> plainHeap = Map.of("finback.router.heap.busy", 0);
        PlannedNode router = layout.node(Role.ROUTER, "router", agents + 1, 0, plainHeap);
        Ranges ports = taskPorts(portOffset);
        // What the cluster itself may sit on is not given to tasks.
        for (HttpListen listen : layout.taken) {
            ports = ports.minus(Ranges.of(listen.port(), listen.port() + (long) agents));
        }
        List<String> shares = AgentShare.of(agentResources(base), machine, ports, agents);
        for (int i = 0; i < agents; i++) {
            Map<String, Object> own = new HashMap<>();
            own.put("finback.agent.resources", shares.get(i));
            if (base.hasPath("finback.agent.stop-tasks-on-exit")) {
                own.put("finback.agent.stop-tasks-on-exit", true);
            }
            nodes.add(layout.node(Role.AGENT, "agent-" + (i + 1), i + 1, i, own));
        }
        nodes.add(router);
        return new DevPlan(nodes);
    }

    private static String agentResources(Config base) {
        return base.hasPath("finback.agent.resources") ? base.getString("finback.agent.resources") : "";
    }

    /** A cluster with another offset gives its tasks other ports, as far as fifteen slots go. */
    static Ranges taskPorts(int portOffset) {
        long begin = portOffset == 0
                ? TASK_PORTS
                : SHIFTED_TASK_PORTS + (long) Math.floorMod(portOffset, SHIFTED_SLOTS) * TASK_PORTS_COUNT;
        return Ranges.of(begin, begin + TASK_PORTS_COUNT - 1);
    }

    /** Throws {@link StartFailure} at the first port that is taken, or that two nodes share. */
    void checkPorts() {
        Map<String, HttpListen> all = new LinkedHashMap<>();
        for (PlannedNode node : nodes) {
            node.listeners().forEach((key, listen) -> {
                // One kind of node is named by its key alone, so that what the line says to set is what one types.
                all.put(all.containsKey(key) ? key + " of " + node.name() : key, listen);
            });
        }
        Ports.check(all);
    }

    /** Where a listener of the first node of that role is; empty if it has none of that key. */
    Optional<HttpListen> listener(Role role, String key) {
        return nodes.stream()
                .filter(node -> node.role() == role)
                .findFirst()
                .flatMap(node -> Optional.ofNullable(node.listeners().get(key)));
    }

    long count(Role role) {
        return nodes.stream().filter(node -> node.role() == role).count();
    }

    /** Moves ports and directories; {@code taken} collects what the master and the router listen at. */
    private static final class Layout {
        private final Config base;
        private final Path data;
        private final int offset;
        private final List<HttpListen> taken = new ArrayList<>();

        Layout(Config base, Path data, int offset) {
            this.base = base;
            this.data = data;
            this.offset = offset;
        }

        /** {@code index} among all nodes moves Artery and management, {@code sibling} among its role moves the rest. */
        PlannedNode node(Role role, String name, int index, int sibling, Map<String, Object> own) {
            String seed = base.getString("finback.cluster.host") + ":" + port("finback.cluster", 0);
            Map<String, Object> moved = new HashMap<>(own);
            moved.put("finback.data-dir", data.resolve(name).toString());
            moved.put("finback.cluster.seeds", List.of(seed));
            Listeners.of(base.withValue("finback.cluster.seeds", ConfigValueFactory.fromIterable(List.of(seed))), role)
                    .forEach((key, listen) -> {
                        boolean perNode = key.equals("finback.cluster") || key.equals("finback.management");
                        if (listen.port() != 0) {
                            int port = port(key, perNode ? index : sibling);
                            moved.put(key + ".port", port);
                            taken.add(new HttpListen(listen.host(), port));
                        }
                    });
            return new PlannedNode(
                    role,
                    name,
                    data.resolve(name),
                    ConfigFactory.parseMap(moved, "the plan of the dev cluster").withFallback(base));
        }

        private int port(String key, int plus) {
            int port = base.getInt(key + ".port") + offset + plus;
            if (port < 1 || port > MAX_PORT) {
                throw new StartFailure("--port-offset: " + offset + " makes " + key + ".port " + port
                        + " (expected: 1.." + MAX_PORT + ")");
            }
            return port;
        }
    }
}
