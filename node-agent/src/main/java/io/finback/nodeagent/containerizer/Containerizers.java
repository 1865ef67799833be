package io.finback.nodeagent.containerizer;

import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.Exit;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.TaskInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The containerizers of this agent, by name: every container is handled by the one that made it. Thread-safe. */
public final class Containerizers {
    /** Plain commands, and what asks for nothing else. */
    public static final String MESOS = "mesos";

    /** What sees the files of an image, without an engine. */
    public static final String OCI = "oci";

    /** What a scheduler wants run by a Docker engine. */
    public static final String DOCKER = "docker";

    private static final Logger log = LoggerFactory.getLogger(Containerizers.class);

    private final Map<String, Containerizer> byName = new LinkedHashMap<>();

    /** One of them must be {@link #MESOS}. */
    public Containerizers(List<Containerizer> all) {
        all.forEach(one -> byName.put(one.name(), one));
        if (!byName.containsKey(MESOS)) {
            throw new IllegalArgumentException("containerizers: " + byName.keySet() + " (expected: mesos among them)");
        }
    }

    /** The names, {@link #MESOS} included. */
    public Set<String> names() {
        return Set.copyOf(byName.keySet());
    }

    /** Whether each can run anything now, by name. */
    public Map<String, Standing> standings() {
        Map<String, Standing> standings = new LinkedHashMap<>();
        byName.forEach((name, one) -> standings.put(name, one.standing()));
        return standings;
    }

    /** The agent ends; what runs goes on. */
    public void close() {
        byName.values().forEach(Containerizer::close);
    }

    public Optional<String> objection(TaskInfo task) {
        String name = nameFor(task);
        return byName.containsKey(name)
                ? beyondPlain(task).or(() -> find(name).objection(task))
                : Optional.of("container.type: " + name + " (expected: one of " + byName.keySet()
                        + ", which this agent has)");
    }

    public ContainerRef prepare(ContainerSpec spec) throws LaunchFailure {
        return find(nameFor(spec.task())).prepare(spec);
    }

    public boolean release(ContainerRef prepared) {
        return find(prepared.containerizer()).release(prepared);
    }

    public void discard(ContainerRef prepared) {
        find(prepared.containerizer()).discard(prepared);
    }

    public void discardAll() {
        byName.values().forEach(Containerizer::discardAll);
    }

    public Optional<Exit> exit(ContainerRef container) {
        // Asked all the time, so not said each time.
        return Optional.ofNullable(byName.get(container.containerizer())).flatMap(one -> one.exit(container));
    }

    public Optional<ContainerRef> begun(ContainerRef container) {
        return container.startsLater()
                ? Optional.ofNullable(byName.get(container.containerizer())).flatMap(one -> one.begun(container))
                : Optional.empty();
    }

    public void terminate(ContainerRef container) {
        known(container).ifPresent(one -> one.terminate(container));
    }

    public void forceKill(ContainerRef container) {
        known(container).ifPresent(one -> one.forceKill(container));
    }

    public void sweep(List<ContainerRef> ended) {
        grouped(ended).forEach((name, refs) -> find(name).sweep(refs));
    }

    public void forget(ContainerRef container) {
        known(container).ifPresent(one -> one.forget(container));
    }

    public void endOrphans(Set<String> known) {
        byName.values().forEach(one -> one.endOrphans(known));
    }

    /** As {@link Containerizer#pruneImages}, of all of them. */
    public void pruneImages(Set<String> keep) throws IOException {
        for (Containerizer one : byName.values()) {
            one.pruneImages(keep);
        }
    }

    public List<Path> written(ContainerRef container) {
        return Optional.ofNullable(byName.get(container.containerizer()))
                .map(one -> one.written(container))
                .orElse(List.of());
    }

    public Map<ContainerRef, Usage> usage(Collection<ContainerRef> containers) {
        Map<ContainerRef, Usage> all = new LinkedHashMap<>();
        grouped(containers).forEach((name, refs) -> {
            if (byName.containsKey(name)) {
                all.putAll(find(name).usage(refs));
            }
        });
        return all;
    }

    /** What a plain command cannot have, and would be silently wrong without. */
    private static Optional<String> beyondPlain(TaskInfo task) {
        ContainerInfo container = task.options().container().orElse(ContainerInfo.PLAIN);
        if (container.type() == ContainerInfo.Type.DOCKER) {
            return task.options()
                    .executor()
                    .map(executor -> "container.type: DOCKER (expected: MESOS for a task of executor " + executor.id()
                            + "; an engine runs single commands)");
        }
        if (container.image().isPresent()) {
            return Optional.empty();
        }
        if (!container.networks().isEmpty() || container.hostname().isPresent()) {
            return Optional.of("container: a network or a hostname of its own (expected: none with type"
                    + " MESOS; they are not supported yet)");
        }
        return Optional.empty();
    }

    private static String nameFor(TaskInfo task) {
        ContainerInfo container = task.options().container().orElse(ContainerInfo.PLAIN);
        if (container.type() == ContainerInfo.Type.DOCKER) {
            return DOCKER;
        }
        return container.image().isPresent() ? OCI : MESOS;
    }

    /**
     * An agent started anew without the engine of a task it adopted can neither ask nor end it: the task counts as running until an
     * agent that can is started.
     */
    private Optional<Containerizer> known(ContainerRef container) {
        Containerizer found = byName.get(container.containerizer());
        if (found == null) {
            log.warn("task.out_of_reach container={} containerizers={}", container, byName.keySet());
        }
        return Optional.ofNullable(found);
    }

    private Containerizer find(String name) {
        Containerizer found = byName.get(name);
        if (found == null) {
            throw new IllegalStateException("containerizer: " + name + " (expected: one of " + byName.keySet() + ")");
        }
        return found;
    }

    private static Map<String, List<ContainerRef>> grouped(Collection<ContainerRef> refs) {
        Map<String, List<ContainerRef>> grouped = new LinkedHashMap<>();
        refs.forEach(ref -> grouped.computeIfAbsent(ref.containerizer(), name -> new ArrayList<>())
                .add(ref));
        return grouped;
    }
}
