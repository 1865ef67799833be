package io.finback.controlplane.mesosapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.allocation.AllocationDelta;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.framework.FrameworkInfo;
import io.finback.controlplane.view.ClusterSnapshot;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import io.finback.tasks.TaskState;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The JSON of the cluster API. Field names and forms as Mesos has them: {@code slave}, seconds as fractions, ports as text. */
final class StateJson {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private StateJson() {}

    static ObjectNode state(ClusterSnapshot view, MasterIdentity self) {
        ObjectNode state = JSON.objectNode();
        long unreachable = view.agents().stream()
                .filter(agent -> agent.lostAt().isPresent())
                .count();
        long active =
                view.agents().stream().filter(AllocationDelta.Agent::active).count();
        state.put("version", self.version());
        state.put("id", self.id());
        state.put("pid", "master@" + self.address());
        state.put("hostname", self.host());
        state.put("start_time", seconds(self.startedAt()));
        state.put("elected_time", seconds(self.startedAt()));
        state.put("activated_slaves", active);
        state.put("deactivated_slaves", view.agents().size() - active - unreachable);
        state.put("unreachable_slaves", unreachable);
        state.put("leader", "master@" + self.address());
        ObjectNode leader = state.putObject("leader_info");
        leader.put("id", self.id());
        leader.put("pid", "master@" + self.address());
        leader.put("port", self.port());
        leader.put("hostname", self.host());
        state.putArray("capabilities").add("AGENT_UPDATE");
        state.putObject("flags");
        state.set("slaves", slaveList(view));
        state.set("frameworks", frameworkList(view, false));
        state.set("completed_frameworks", frameworkList(view, true));
        state.putArray("recovered_slaves");
        state.putArray("orphan_tasks");
        state.putArray("unregistered_frameworks");
        return state;
    }

    static ObjectNode slaves(ClusterSnapshot view) {
        ObjectNode root = JSON.objectNode();
        root.set("slaves", slaveList(view));
        root.putArray("recovered_slaves");
        return root;
    }

    static ObjectNode frameworks(ClusterSnapshot view) {
        ObjectNode root = JSON.objectNode();
        root.set("frameworks", frameworkList(view, false));
        root.set("completed_frameworks", frameworkList(view, true));
        root.putArray("unregistered_frameworks");
        return root;
    }

    /** Newest first, ended ones included, as many as asked for. */
    static ObjectNode tasks(ClusterSnapshot view, int limit, int offset) {
        ObjectNode root = JSON.objectNode();
        ArrayNode tasks = root.putArray("tasks");
        view.frameworks().stream()
                .flatMap(framework -> List.of(framework.tasks(), framework.completed()).stream()
                        .flatMap(List::stream)
                        .map(task -> Map.entry(framework, task)))
                .sorted((a, b) -> b.getValue()
                        .status()
                        .at()
                        .compareTo(a.getValue().status().at()))
                .skip(offset)
                .limit(limit)
                .forEach(entry -> tasks.add(task(entry.getKey(), entry.getValue())));
        return root;
    }

    static ObjectNode roles(ClusterSnapshot view) {
        Map<String, ArrayNode> frameworks = new LinkedHashMap<>();
        frameworks.put("*", JSON.arrayNode());
        view.frameworks().forEach(framework -> framework
                .info()
                .map(FrameworkInfo::roles)
                .orElse(List.of())
                .forEach(role -> frameworks
                        .computeIfAbsent(role, name -> JSON.arrayNode())
                        .add(framework.id().value())));
        ObjectNode root = JSON.objectNode();
        ArrayNode roles = root.putArray("roles");
        frameworks.forEach((name, ids) -> {
            ObjectNode role = roles.addObject();
            role.put("name", name);
            role.put("weight", 1.0);
            Sum held = new Sum();
            view.frameworks().stream()
                    .filter(framework -> framework
                            .info()
                            .map(info -> info.roles().contains(name))
                            .orElse(false))
                    .flatMap(framework -> framework.tasks().stream())
                    .forEach(task -> held.add(task.resources()));
            role.set("resources", held.json());
            role.set("frameworks", ids);
        });
        return root;
    }

    private static ArrayNode slaveList(ClusterSnapshot view) {
        ArrayNode slaves = JSON.arrayNode();
        for (AllocationDelta.Agent agent : view.agents()) {
            if (agent.lostAt().isPresent()) {
                continue;
            }
            ObjectNode slave = slaves.addObject();
            slave.put("id", agent.spec().id().value());
            slave.put("hostname", agent.spec().hostname());
            slave.put("port", agent.spec().httpPort());
            slave.put(
                    "pid",
                    "slave(1)@" + agent.spec().hostname() + ":" + agent.spec().httpPort());
            slave.put("registered_time", seconds(agent.admittedAt()));
            slave.set("resources", resources(agent.spec().total()));
            slave.set("used_resources", resources(agent.allocated()));
            slave.set("offered_resources", resources(agent.offered()));
            slave.putObject("reserved_resources");
            slave.set("unreserved_resources", resources(agent.spec().total()));
            ObjectNode attributes = slave.putObject("attributes");
            agent.spec().attributes().forEach(attributes::put);
            slave.put("active", agent.active());
            slave.put("deactivated", false);
            slave.put("version", agent.spec().version());
            slave.putArray("capabilities").add("MULTI_ROLE");
        }
        return slaves;
    }

    private static ArrayNode frameworkList(ClusterSnapshot view, boolean tornDown) {
        ArrayNode frameworks = JSON.arrayNode();
        for (ClusterSnapshot.Framework framework : view.frameworks()) {
            if (framework.tornDown() != tornDown) {
                continue;
            }
            ObjectNode json = frameworks.addObject();
            Optional<FrameworkInfo> info = framework.info();
            json.put("id", framework.id().value());
            json.put("name", info.map(FrameworkInfo::name).orElse(""));
            json.put("principal", info.map(FrameworkInfo::principal).orElse(""));
            json.put(
                    "failover_timeout",
                    info.map(known -> known.failoverTimeout().toMillis() / 1000.0)
                            .orElse(0.0));
            json.put("checkpoint", true);
            json.put(
                    "registered_time",
                    framework.registeredAt().map(StateJson::seconds).orElse(0.0));
            json.put("active", framework.connected());
            json.put("connected", framework.connected());
            json.put("recovered", info.isEmpty());
            ArrayNode roles = json.putArray("roles");
            info.map(FrameworkInfo::roles).orElse(List.of()).forEach(roles::add);
            Sum used = new Sum();
            framework.tasks().forEach(task -> used.add(task.resources()));
            json.set("used_resources", used.json());
            ArrayNode tasks = json.putArray("tasks");
            ArrayNode unreachable = json.putArray("unreachable_tasks");
            framework.tasks().forEach(task -> (task.status().state() == TaskState.UNREACHABLE ? unreachable : tasks)
                    .add(task(framework, task)));
            ArrayNode completed = json.putArray("completed_tasks");
            framework.completed().forEach(task -> completed.add(task(framework, task)));
            json.putArray("offers");
            json.putArray("executors");
        }
        return frameworks;
    }

    private static ObjectNode task(ClusterSnapshot.Framework framework, FrameworkDelta.Task task) {
        ObjectNode json = JSON.objectNode();
        json.put("id", task.id().value());
        json.put("name", task.name());
        json.put("framework_id", framework.id().value());
        json.put("executor_id", "");
        json.put("slave_id", task.agent().value());
        json.put("state", task.status().state().wireName());
        json.put("role", framework.info().map(info -> info.roles().get(0)).orElse("*"));
        json.set("resources", resources(task.resources()));
        ObjectNode status = json.putArray("statuses").addObject();
        status.put("state", task.status().state().wireName());
        status.put("timestamp", seconds(task.status().at()));
        task.status().healthy().ifPresent(healthy -> status.put("healthy", healthy));
        task.status().message().ifPresent(message -> status.put("message", message));
        task.status().pid().ifPresent(pid -> status.putObject("container_status")
                .put("executor_pid", pid));
        ArrayNode labels = json.putArray("labels");
        task.labels().forEach((key, value) -> labels.addObject().put("key", key).put("value", value));
        return json;
    }

    /** Mesos always names the four scalars. */
    static ObjectNode resources(Resources resources) {
        ObjectNode json = JSON.objectNode();
        for (String name : List.of(Resources.CPUS, Resources.GPUS, Resources.MEM, Resources.DISK)) {
            json.put(name, resources.scalar(name));
        }
        resources.milli().keySet().forEach(name -> json.put(name, resources.scalar(name)));
        resources.ranges().forEach((name, ranges) -> json.put(name, ranges.toString()));
        return json;
    }

    static double seconds(Instant at) {
        return at.toEpochMilli() / 1000.0;
    }

    /** Adds resources of several agents, whose ranges may overlap. */
    static final class Sum {
        private final Map<String, Long> milli = new LinkedHashMap<>();
        private final Map<String, Ranges> ranges = new LinkedHashMap<>();

        void add(Resources resources) {
            resources.milli().forEach((name, value) -> milli.merge(name, value, Long::sum));
            resources.ranges().forEach((name, set) -> ranges.merge(name, set, Ranges::plus));
        }

        double scalar(String name) {
            return milli.getOrDefault(name, 0L) / 1000.0;
        }

        ObjectNode json() {
            ObjectNode json = JSON.objectNode();
            for (String name : List.of(Resources.CPUS, Resources.GPUS, Resources.MEM, Resources.DISK)) {
                json.put(name, scalar(name));
            }
            milli.keySet().forEach(name -> json.put(name, scalar(name)));
            ranges.forEach((name, set) -> json.put(name, set.toString()));
            return json;
        }
    }
}
