package io.finback.nodeagent.node;

import io.finback.nodeagent.checkpoint.CheckpointStore;
import io.finback.nodeagent.executor.Sandboxes;
import io.finback.nodeagent.task.AgentTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes an ended task from disk: first the sandbox, then the tombstone, so that nothing is left behind that nobody knows. */
final class SandboxRemoval {
    private static final Logger log = LoggerFactory.getLogger(SandboxRemoval.class);

    private final Sandboxes sandboxes;
    private final CheckpointStore store;

    SandboxRemoval(Sandboxes sandboxes, CheckpointStore store) {
        this.sandboxes = sandboxes;
        this.store = store;
    }

    void remove(AgentTask task) {
        try {
            sandboxes.delete(task);
            store.forget(task);
            log.info("sandbox.removed task={} container={}", task.key(), task.container());
        } catch (IOException | UncheckedIOException e) {
            log.warn(
                    "sandbox.remove_failed task={} reason={} next=at_the_next_start_of_the_agent",
                    task.key(),
                    e.getMessage());
        }
    }
}
