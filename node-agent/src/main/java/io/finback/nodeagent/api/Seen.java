package io.finback.nodeagent.api;

import io.finback.nodeagent.task.AgentTask;
import io.finback.resources.Kind;
import io.finback.resources.Resources;
import io.finback.security.Action;
import io.finback.security.Sight;
import io.finback.tasks.TaskInfo;
import java.util.List;

/**
 * An agent as one principal may see it: what the masters would show of it. A task with an executor is seen by who sees both, since it stands under it.
 * Source: apache/mesos {@code src/slave/http.cpp}, which hides the same but for roles of tasks.
 */
public final class Seen {
    private final AgentView view;
    private final Sight sight;

    public Seen(AgentView view, Sight sight) {
        this.view = view;
        this.sight = sight;
    }

    /** What is left of {@link io.finback.nodeagent.node.TaskBoard#live}. */
    public List<AgentTask> live() {
        return view.board().live().stream().filter(this::task).toList();
    }

    /** What is left of {@link io.finback.nodeagent.node.TaskBoard#ended}. */
    public List<AgentTask> ended() {
        return view.board().ended().stream().filter(this::task).toList();
    }

    /** Of a run of an executor, or of a command, whose executor is named like it. */
    public boolean executor(AgentTask task) {
        return sight.sees(Action.VIEW_EXECUTOR, task.info().account());
    }

    /** What it uses, and its processes. */
    public boolean container(AgentTask task) {
        return sight.sees(Action.VIEW_CONTAINER, task.info().account());
    }

    /** Without what is reserved for roles that may not be seen. */
    public Resources resources() {
        return view.resources().filter(this::kind);
    }

    boolean flags() {
        return sight.sees(Action.VIEW_FLAGS, "");
    }

    private boolean kind(Kind kind) {
        return kind.reservations().stream().allMatch(reservation -> sight.sees(Action.VIEW_ROLE, reservation.role()));
    }

    private boolean task(AgentTask task) {
        TaskInfo info = task.info();
        boolean framework =
                sight.sees(Action.VIEW_FRAMEWORK, info.options().frameworkUser().orElse(""));
        boolean itself = task.isExecutorRun() || sight.sees(Action.VIEW_TASK, info.account());
        boolean under = info.options().executor().isEmpty() || executor(task);
        return framework && itself && under && sight.sees(Action.VIEW_ROLE, info.role());
    }
}
