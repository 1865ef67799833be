package io.finback.nodeagent.nested;

import io.finback.nodeagent.checkpoint.NestedStore;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.executor.Inside;
import io.finback.nodeagent.executor.NestedLauncher;
import io.finback.nodeagent.executor.Spot;
import io.finback.nodeagent.nested.NestedFailure.Kind;
import io.finback.nodeagent.task.Exit;
import io.finback.nodeagent.task.NestedContainer;
import io.finback.tasks.CommandInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commands beside tasks that outlive the connection that started them, one in another to any depth, by the path of their names. One is
 * known until it is removed or its task ends; its end, and that of every command it is in, ends it. All of it is on disk: the next agent takes over what runs,
 * and knows how the others ended. Thread-safe; every call may wait for the disk.
 *
 * <p>The command may run only once its process is written down, so an agent that dies at any moment leaves either nothing, or a
 * container that is known.
 */
public final class NestedContainers {
    private static final Logger log = LoggerFactory.getLogger(NestedContainers.class);

    private final NestedStore store;
    private final NestedLauncher launcher;
    private final String bootId;
    private final int most;
    private final Map<List<String>, NestedContainer> known = new ConcurrentHashMap<>();
    private final Map<List<String>, CompletableFuture<NestedContainer.End>> ends = new ConcurrentHashMap<>();

    /**
     * The task that one is started in.
     *
     * @param path the names of its containers, from the outermost on: of a task of the default executor that of the executor comes first
     * @param leader its first process
     * @param maker of its container
     * @param root of its sandbox, whose place only the agent chooses
     * @param inner the steps from there to the task's own
     */
    public record Parent(List<String> path, long leader, NestedLauncher.Maker maker, Path root, List<String> inner) {
        public Parent {
            path = List.copyOf(path);
            inner = List.copyOf(inner);
        }
    }

    /** @param most that are known at the same time */
    public NestedContainers(NestedStore store, NestedLauncher launcher, String bootId, int most) {
        this.store = store;
        this.launcher = launcher;
        this.bootId = bootId;
        this.most = most;
    }

    /** Takes over what the last agent left. To be called once, before anything else. */
    public synchronized void recover() throws IOException {
        for (NestedContainer left : store.recover()) {
            if (!left.process().bootId().equals(bootId)) {
                store.delete(left);
                continue;
            }
            log.info(
                    "nested.recovered container={} pid={} ended={}",
                    left.name(),
                    left.process().pid(),
                    left.isEnded());
            known.put(left.path(), left);
        }
        look();
    }

    /**
     * Starts a command.
     *
     * @param names below the task's container, its own last
     * @param sharesPids whether it sees the processes of what it is in
     * @return false when it runs already
     */
    public synchronized boolean launch(Parent parent, List<String> names, CommandInfo command, boolean sharesPids)
            throws NestedFailure {
        List<String> path = path(parent, names);
        String name = NestedContainer.name(path);
        NestedContainer before = known.get(path);
        if (before != null) {
            if (before.isEnded()) {
                throw new NestedFailure(
                        Kind.NAME_TAKEN,
                        "container_id: '" + name + "' (expected: another one; this has ended and is not removed)");
            }
            return false;
        }
        if (known.size() >= most) {
            throw new NestedFailure(
                    Kind.FULL,
                    "There are " + most + " nested containers on this agent (finback.agent.nested.max-containers);"
                            + " remove some that have ended");
        }
        Map<String, String> environment =
                environment(parent, names.subList(0, names.size() - 1), command.environment());
        long ticks = NestedLauncher.startTicks(parent.leader())
                .orElseThrow(() -> new NestedFailure(
                        Kind.PARENT_GONE,
                        "Container '" + NestedContainer.name(parent.path()) + "' has ended (expected: it runs)"));
        NestedLauncher.Order order = new NestedLauncher.Order(
                parent.leader(),
                parent.maker(),
                outer(parent, names).map(NestedContainer::process),
                sharesPids,
                parent.root(),
                parent.inner(),
                names,
                command.withEnvironment(environment),
                store.begunFile(path));
        NestedLauncher.Made made;
        try {
            made = launcher.prepare(order);
        } catch (LaunchFailure e) {
            throw new NestedFailure(Kind.NOT_STARTED, "The command cannot be started there: " + e.getMessage());
        }
        NestedContainer container = new NestedContainer(
                path,
                names.size(),
                parent.leader(),
                ticks,
                parent.root().toString(),
                order.steps(),
                environment,
                made.process(),
                made.translated(),
                Optional.empty());
        begin(container);
        log.info("nested.started container={} pid={}", name, made.process().pid());
        return true;
    }

    private void begin(NestedContainer container) throws NestedFailure {
        try {
            store.save(container);
        } catch (IOException e) {
            launcher.discard(container.process());
            throw new NestedFailure(
                    Kind.BROKEN, "It cannot be written to disk, so it was not started: " + e.getMessage());
        }
        if (!launcher.release(container.process())) {
            launcher.discard(container.process());
            forget(container);
            throw new NestedFailure(Kind.NOT_STARTED, "Its process ended before it became the command");
        }
        known.put(container.path(), container);
    }

    /** What is ordered, with that of the commands it is in. */
    private Map<String, String> environment(Parent parent, List<String> names, Map<String, String> own)
            throws NestedFailure {
        Map<String, String> all = new LinkedHashMap<>();
        if (!names.isEmpty()) {
            NestedContainer around = known.get(path(parent, names));
            if (around == null || around.isEnded()) {
                throw new NestedFailure(
                        Kind.PARENT_GONE,
                        "Container '" + NestedContainer.name(path(parent, names))
                                + "' cannot be found (expected: it runs)");
            }
            all.putAll(around.environment());
        }
        all.putAll(own);
        return all;
    }

    /** The command that one of these names is directly in, if it runs; empty for one that is directly in the task. */
    private Optional<NestedContainer> outer(Parent parent, List<String> names) {
        return names.size() < 2
                ? Optional.empty()
                : find(path(parent, names.subList(0, names.size() - 1))).filter(around -> !around.isEnded());
    }

    /**
     * Where a session is to be started.
     *
     * @param names below the task's container: of what it is directly in
     * @param name its own
     */
    public Spot session(Parent parent, List<String> names, String name) throws IOException, Inside.Unreachable {
        List<String> whole = new ArrayList<>(names);
        whole.add(name);
        return NestedLauncher.session(
                parent.leader(), parent.maker(), outer(parent, whole).map(NestedContainer::process), name);
    }

    /** Ends all that a session has started. */
    public void endSession(Process session, Spot spot) {
        launcher.endSession(session, spot);
    }

    private static List<String> path(Parent parent, List<String> names) {
        List<String> path = new ArrayList<>(parent.path());
        path.addAll(names);
        return List.copyOf(path);
    }

    /**
     * The one of this path, if it is known.
     *
     * @param path from the outermost container on
     */
    public Optional<NestedContainer> find(List<String> path) {
        return Optional.ofNullable(known.get(path));
    }

    /** The same command with the environment of those it is to be in. */
    public CommandInfo in(Parent parent, List<String> names, CommandInfo command) throws NestedFailure {
        return command.withEnvironment(environment(parent, names, command.environment()));
    }

    /** Those that run. */
    public List<NestedContainer> running() {
        return known.values().stream()
                .filter(container -> !container.isEnded())
                .sorted(Comparator.comparing(NestedContainer::name))
                .toList();
    }

    /** Completes when it ends, or has ended. */
    public CompletionStage<NestedContainer.End> end(NestedContainer container) {
        CompletableFuture<NestedContainer.End> end =
                ends.computeIfAbsent(container.path(), path -> new CompletableFuture<>());
        NestedContainer now = known.get(container.path());
        if (now == null) {
            // Its task has ended in between.
            end.complete(container.end().orElse(new NestedContainer.End(Optional.empty())));
            ends.remove(container.path(), end);
        } else {
            now.end().ifPresent(how -> {
                end.complete(how);
                ends.remove(container.path(), end);
            });
        }
        return end.copy();
    }

    /** SIGKILL to everything it has started. */
    public void kill(NestedContainer container) {
        launcher.kill(container.process());
    }

    /** To its first process alone. */
    public void signal(NestedContainer container, int signal) throws NestedFailure {
        try {
            launcher.signal(container.process(), signal);
        } catch (IOException e) {
            throw new NestedFailure(Kind.BROKEN, "The signal cannot be sent: " + e.getMessage());
        }
    }

    /** Forgets one that has ended, and all in it; deletes what they left in the sandbox. */
    public synchronized void remove(NestedContainer container) throws NestedFailure {
        List<NestedContainer> doomed = known.values().stream()
                .filter(one -> one.path().equals(container.path()) || one.isIn(container.path()))
                .toList();
        if (doomed.stream().anyMatch(one -> !one.isEnded())) {
            throw new NestedFailure(Kind.NOT_ENDED, "Nested container has not terminated yet");
        }
        try {
            NestedLauncher.delete(Path.of(container.root()), container.steps());
        } catch (IOException e) {
            throw new NestedFailure(Kind.BROKEN, "Its directory cannot be removed: " + e.getMessage());
        }
        doomed.forEach(this::forget);
    }

    /** Looks who has ended, and ends those whose task, or what they are in, has. To be called again and again. */
    public synchronized void look() {
        for (NestedContainer container : List.copyOf(known.values())) {
            NestedContainer now = container.isEnded() ? container : looked(container);
            boolean taskGoesOn = NestedLauncher.isThere(now.parentPid(), now.parentTicks());
            if (!now.isEnded() && (!taskGoesOn || !outerGoesOn(now))) {
                launcher.kill(now.process());
            } else if (now.isEnded() && !taskGoesOn) {
                forget(now);
            }
        }
    }

    private boolean outerGoesOn(NestedContainer container) {
        return container
                .outer()
                .map(outer -> known.containsKey(outer) && !known.get(outer).isEnded())
                .orElse(true);
    }

    private NestedContainer looked(NestedContainer container) {
        Optional<Exit> exit = launcher.exit(container.process(), store.begunFile(container.path()));
        if (exit.isEmpty()) {
            return container;
        }
        launcher.sweep(container.process());
        if (!store.hasBegun(container)) {
            // The last agent died before it let it go, and before it answered: it may be ordered again.
            launcher.forget(container.process());
            forget(container);
            return container.ended(exit.get());
        }
        NestedContainer over = container.ended(exit.get());
        try {
            store.save(over);
        } catch (IOException e) {
            log.warn("nested.end_not_written container={} reason={} next=look_again", container.name(), e.toString());
            return container;
        }
        log.info("nested.ended container={} how={}", over.name(), exit.get().describe());
        known.put(over.path(), over);
        launcher.forget(over.process());
        CompletableFuture<NestedContainer.End> end = ends.remove(over.path());
        if (end != null) {
            over.end().ifPresent(end::complete);
        }
        return over;
    }

    private void forget(NestedContainer container) {
        known.remove(container.path());
        try {
            NestedLauncher.tidy(store.begunFile(container.path()));
            store.delete(container);
        } catch (IOException e) {
            log.warn(
                    "nested.file_left container={} reason={} next=the_next_agent_tries",
                    container.name(),
                    e.toString());
        }
    }
}
