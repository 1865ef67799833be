package io.finback.nodeagent.api.v1;

import io.finback.nodeagent.executor.Inside;
import io.finback.nodeagent.executor.NestedLauncher;
import io.finback.nodeagent.executor.Spot;
import io.finback.nodeagent.nested.NestedContainers;
import io.finback.tasks.CommandInfo;
import io.finback.tasks.ContainerInfo.Tty;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Commands that somebody runs beside a task, by the whole name of their container. Not on disk: a session ends with the connection that
 * started it, and with the agent. All it has started ends with its first process. Thread-safe.
 */
final class Sessions {
    private final Inside inside;
    private final NestedContainers nested;
    private final int most;
    private final Map<String, Session> running = new ConcurrentHashMap<>();

    Sessions(Inside inside, NestedContainers nested, int most) {
        this.inside = inside;
        this.nested = nested;
        this.most = most;
    }

    /**
     * Starts one.
     *
     * @param place where it is to be
     * @param name its own
     */
    synchronized Session start(
            String id, Parents.Place place, String name, CommandInfo command, Optional<Tty> terminal) {
        if (running.size() >= most) {
            throw new ApiFailure(
                    503,
                    "There are " + most + " sessions on this agent (finback.agent.nested.max-sessions); try again");
        }
        if (running.containsKey(id)) {
            throw new ApiFailure(409, "container_id: '" + id + "' (expected: one not in use)");
        }
        try {
            List<String> path = NestedLauncher.below(place.names());
            Spot spot = nested.session(place.task(), place.names(), name);
            Process process = terminal.isPresent()
                    ? inside.startOnTerminal(spot, command, path, terminal.get())
                    : inside.startAttached(spot, command, path);
            Session session = new Session(process, () -> nested.endSession(process, spot));
            running.put(id, session);
            var unused = process.onExit().whenComplete((ended, failure) -> {
                session.kill();
                running.remove(id, session);
            });
            return session;
        } catch (IOException | Inside.Unreachable e) {
            throw new ApiFailure(400, "The command cannot be started there: " + e.getMessage());
        }
    }

    Optional<Session> find(String id) {
        return Optional.ofNullable(running.get(id));
    }
}
