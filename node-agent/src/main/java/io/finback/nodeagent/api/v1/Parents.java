package io.finback.nodeagent.api.v1;

import io.finback.nodeagent.api.AgentView;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.mesos.v1.Protos;

/** The running tasks that commands can be started beside. */
final class Parents {
    private final AgentView view;

    Parents(AgentView view) {
        this.view = view;
    }

    /**
     * One of them.
     *
     * @param leader its first process
     */
    record Parent(long leader, Path sandbox) {}

    /** The task whose container this is. */
    Parent find(Protos.ContainerID container) {
        return view.board().live().stream()
                .filter(task -> !task.isEnded() && task.container().equals(container.getValue()))
                .flatMap(task -> parent(task).stream())
                .findFirst()
                .orElseThrow(() -> missing(container, " (expected: that of a running task)"));
    }

    static ApiFailure missing(Protos.ContainerID container, String more) {
        return new ApiFailure(404, "Container '" + name(container) + "' cannot be found" + more);
    }

    /** From the outermost inwards, as Mesos writes it. */
    static String name(Protos.ContainerID container) {
        return container.hasParent() ? name(container.getParent()) + "." + container.getValue() : container.getValue();
    }

    private Optional<Parent> parent(AgentTask task) {
        return task.process()
                .flatMap(ContainerRef::leader)
                .map(leader -> new Parent(leader, view.sandboxes().of(task)));
    }
}
