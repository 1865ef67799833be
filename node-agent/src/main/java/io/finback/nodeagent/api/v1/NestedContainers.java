package io.finback.nodeagent.api.v1;

import io.finback.nodeagent.executor.Inside;
import io.finback.nodeagent.executor.ProcFs;
import io.finback.tasks.CommandInfo;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.mesos.v1.Protos;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commands beside a task that outlive the connection that started them, by the name of their container. One is known until it is
 * removed, its task ends, or the agent does; the last two end it. Not on disk. Thread-safe.
 */
final class NestedContainers {
    private static final Logger log = LoggerFactory.getLogger(NestedContainers.class);

    private final Inside inside;
    private final int most;
    private final Map<String, Nested> known = new ConcurrentHashMap<>();

    NestedContainers(Inside inside, int most) {
        this.inside = inside;
        this.most = most;
    }

    /**
     * One of them.
     *
     * @param parentTicks when the task's process began; a pid alone may be somebody else's by now
     */
    record Nested(Protos.ContainerID id, Process process, Parents.Parent parent, long parentTicks) {
        boolean isEnded() {
            return !process.isAlive();
        }
    }

    /** Whether it was started; false when it runs already. */
    synchronized boolean launch(Protos.ContainerID id, Parents.Parent parent, CommandInfo command) {
        String name = Parents.name(id);
        Nested before = known.get(name);
        if (before != null) {
            if (before.isEnded()) {
                throw new ApiFailure(
                        400, "container_id: '" + name + "' (expected: another one; this has ended and is not removed)");
            }
            return false;
        }
        if (known.size() >= most) {
            throw new ApiFailure(
                    503,
                    "There are " + most + " nested containers on this agent (finback.agent.nested.max-containers);"
                            + " remove some that have ended");
        }
        ProcFs.Stat leader = ProcFs.stat(parent.leader())
                .filter(stat -> !stat.isEnded())
                .orElseThrow(() -> Parents.missing(id.getParent(), " (expected: that of a running task)"));
        try {
            Nested nested = new Nested(
                    id, inside.startApart(parent.leader(), command, id.getValue()), parent, leader.startTicks());
            known.put(name, nested);
            log.info(
                    "nested.started container={} pid={}", name, nested.process().pid());
            CompletableFuture<Void> ending = nested.process().onExit().thenAccept(ended -> {
                Inside.end(ended);
                log.info("nested.ended container={} exit={}", name, ended.exitValue());
            });
            Objects.requireNonNull(ending);
            return true;
        } catch (IOException | Inside.Unreachable e) {
            throw new ApiFailure(400, "The command cannot be started there: " + e.getMessage());
        }
    }

    Optional<Nested> find(Protos.ContainerID id) {
        return Optional.ofNullable(known.get(Parents.name(id)));
    }

    /** Those that run. */
    Iterable<Nested> running() {
        return known.values().stream().filter(nested -> !nested.isEnded()).toList();
    }

    /** Forgets one that has ended, and deletes what it left in its task's sandbox. */
    void remove(Nested nested) {
        if (!nested.isEnded()) {
            throw new ApiFailure(500, "Nested container has not terminated yet");
        }
        try {
            inside.removeApart(nested.parent().leader(), nested.id().getValue());
        } catch (IOException | Inside.Unreachable e) {
            throw new ApiFailure(500, "Its directory cannot be removed: " + e.getMessage());
        }
        known.remove(Parents.name(nested.id()), nested);
    }

    /** Ends and forgets those whose task has ended. To be called again and again: the end of a process of others is no event. */
    void followParents() {
        known.forEach((name, nested) -> {
            boolean goesOn = ProcFs.stat(nested.parent().leader())
                    .filter(stat -> stat.startTicks() == nested.parentTicks() && !stat.isEnded())
                    .isPresent();
            if (!goesOn) {
                Inside.end(nested.process());
                known.remove(name, nested);
            }
        });
    }

    void endAll() {
        known.values().forEach(nested -> Inside.end(nested.process()));
    }
}
