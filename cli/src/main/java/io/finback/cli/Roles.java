package io.finback.cli;

import io.finback.controlplane.boot.MasterNode;
import io.finback.meshrouter.boot.RouterNode;
import io.finback.nodeagent.boot.AgentNode;
import io.finback.nodeagent.boot.LeftTasks;
import io.finback.runtime.Role;
import io.finback.runtime.StartFailure;
import java.util.List;
import java.util.Map;

/**
 * What each role is made of: its entry, and the parts of the {@code finback} tree that are its own. An object with {@code host} and
 * {@code port} in these parts is a listener: it is checked before the start, and moved by {@code dev --port-offset}.
 *
 * @param sweep what {@code dev --fresh} does to tasks that still run from the data it deletes
 */
record Roles(Map<Role, NodeStarter> starters, TaskSweep sweep) {
    Roles {
        starters = Map.copyOf(starters);
    }

    /** The roles of this build. */
    static Roles all() {
        return new Roles(
                Map.of(Role.MASTER, MasterNode::start, Role.AGENT, AgentNode::start, Role.ROUTER, RouterNode::start),
                LeftTasks::kill);
    }

    NodeStarter starter(Role role) {
        NodeStarter starter = starters.get(role);
        if (starter == null) {
            throw new StartFailure(role.id() + ": this build has no such node");
        }
        return starter;
    }

    /** Keys below {@code finback}. */
    static List<String> parts(Role role) {
        return switch (role) {
            case MASTER -> List.of("master", "services");
            case AGENT -> List.of("agent");
            case ROUTER -> List.of("router");
        };
    }
}
