package io.finback.nodeagent.api.v1;

import com.google.protobuf.ByteString;
import io.finback.nodeagent.api.AgentView;
import io.finback.nodeagent.executor.Typing;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.tasks.ContainerInfo.Tty;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.mesos.v1.Protos;

/** The terminals of tasks, which anybody may type on and read along, whichever agent started the task. */
final class TaskTerminals {
    private final AgentView view;
    private final Function<AgentTask, Path> begun;

    /** @param begun the file that says that a task has begun */
    TaskTerminals(AgentView view, Function<AgentTask, Path> begun) {
        this.view = view;
        this.begun = begun;
    }

    /**
     * One of them.
     *
     * @param printed where the task's output goes
     */
    record OfTask(String container, long leader, Path begun, Path printed) implements Attached {
        @Override
        public void type(ByteString text) throws IOException {
            if (text.isEmpty()) {
                Typing.end(begun, leader);
            } else {
                Typing.type(begun, leader, text.toByteArray());
            }
        }

        @Override
        public boolean resize(Tty size) throws IOException {
            return Typing.resize(leader, size);
        }
    }

    Optional<OfTask> find(Protos.ContainerID container) {
        List<String> path = Parents.path(container);
        return running(path).filter(task -> Typing.isThere(begun.apply(task))).flatMap(task -> task.process()
                .flatMap(ContainerRef::leader)
                .map(leader -> new OfTask(
                        task.container(),
                        leader,
                        begun.apply(task),
                        view.sandboxes().of(task).resolve("stdout"))));
    }

    boolean goesOn(OfTask terminal) {
        return view.board().live().stream()
                .anyMatch(task -> task.container().equals(terminal.container()) && !task.isEnded());
    }

    private Optional<AgentTask> running(List<String> path) {
        return view.board().live().stream()
                .filter(task -> task.isRunning()
                        && Parents.path(AgentReads.containerId(task)).equals(path))
                .findFirst();
    }
}
