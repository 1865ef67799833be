package io.finback.nodeagent.api.v1;

import io.finback.nodeagent.api.AgentView;
import io.finback.nodeagent.containerizer.Containerizers;
import io.finback.nodeagent.executor.NestedLauncher;
import io.finback.nodeagent.nested.NestedContainers;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.mesos.v1.Protos;

/** The running tasks that commands can be started beside, and where in them. */
final class Parents {
    private final AgentView view;

    Parents(AgentView view) {
        this.view = view;
    }

    /**
     * Where something is, or is to be.
     *
     * @param names of the containers below the task's; empty: beside the task itself
     */
    record Place(NestedContainers.Parent task, List<String> names) {
        Place {
            names = List.copyOf(names);
        }
    }

    /** Where the container is: the task's own, or one nested in it. */
    Place place(Protos.ContainerID container) {
        List<String> path = path(container);
        return view.board().live().stream()
                .filter(task -> !task.isEnded())
                .flatMap(task -> place(task, path).stream())
                .findFirst()
                .orElseThrow(() -> missing(container, " (expected: that of a running task)"));
    }

    private Optional<Place> place(AgentTask task, List<String> path) {
        List<String> own = path(AgentReads.containerId(task));
        return !isIn(path, own)
                ? Optional.empty()
                : task.process().flatMap(process -> process.leader()
                        .map(leader -> new Place(
                                parent(task, own, leader, maker(process)), path.subList(own.size(), path.size()))));
    }

    /** The container itself, or one nested in it. */
    static boolean isIn(List<String> path, List<String> root) {
        return path.size() >= root.size() && path.subList(0, root.size()).equals(root);
    }

    /** The account of the task in whose container it is, the innermost that is known; empty: of none that is. */
    Optional<String> account(Protos.ContainerID container) {
        List<String> path = path(container);
        return Stream.concat(view.board().live().stream(), view.board().ended().stream())
                .filter(task -> isIn(path, path(AgentReads.containerId(task))))
                .max(Comparator.comparingInt(
                        task -> path(AgentReads.containerId(task)).size()))
                .map(task -> task.info().account());
    }

    private static NestedLauncher.Maker maker(ContainerRef process) {
        return switch (process.containerizer()) {
            case Containerizers.MESOS -> NestedLauncher.Maker.AGENT;
            case Containerizers.OCI -> NestedLauncher.Maker.RUNTIME;
            default -> NestedLauncher.Maker.ENGINE;
        };
    }

    /** Whoever owns a sandbox chooses what its names lead to; where a sandbox of its own is, the agent does. */
    private NestedContainers.Parent parent(AgentTask task, List<String> path, long leader, NestedLauncher.Maker maker) {
        Path sandbox = view.sandboxes().of(task);
        if (!task.isNested()) {
            return new NestedContainers.Parent(path, leader, maker, sandbox, List.of());
        }
        Path root = sandbox.resolve("../..").normalize();
        List<String> inner = new ArrayList<>();
        root.relativize(sandbox).forEach(step -> inner.add(step.toString()));
        return new NestedContainers.Parent(path, leader, maker, root, inner);
    }

    static ApiFailure missing(Protos.ContainerID container, String more) {
        return new ApiFailure(404, "Container '" + name(container) + "' cannot be found" + more);
    }

    /** From the outermost inwards, as Mesos writes it. */
    static String name(Protos.ContainerID container) {
        return String.join(".", path(container));
    }

    /** The names, from the outermost inwards. */
    static List<String> path(Protos.ContainerID container) {
        Deque<String> names = new ArrayDeque<>(List.of(container.getValue()));
        for (Protos.ContainerID at = container; at.hasParent(); at = at.getParent()) {
            names.addFirst(at.getParent().getValue());
        }
        return List.copyOf(names);
    }

    /** The opposite of {@link #path}. */
    static Protos.ContainerID container(List<String> path) {
        Protos.ContainerID at =
                Protos.ContainerID.newBuilder().setValue(path.get(0)).build();
        for (String name : path.subList(1, path.size())) {
            at = Protos.ContainerID.newBuilder().setValue(name).setParent(at).build();
        }
        return at;
    }
}
