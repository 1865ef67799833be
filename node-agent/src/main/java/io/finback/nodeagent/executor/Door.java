package io.finback.nodeagent.executor;

import io.finback.tasks.ContainerInfo.Tty;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Another way into a task than through its namespaces, for those whose maker has a better one. Thread-safe. */
public interface Door {
    /** There is none. */
    Door NONE = (spot, environment, below, words, terminal) -> Optional.empty();

    /**
     * A command line, with an empty environment to run in, that runs {@code words} beside a task with what the task has: its user,
     * rights, limits, environment and directory. Empty for a task this knows nothing of.
     *
     * @param spot its namespaces are the task's, whatever it says of any
     * @param environment added to the task's own
     * @param below where in its sandbox: then that is its sandbox; empty: in the sandbox itself
     * @param terminal the size of the one it is started on, if it is: then it gets one in there
     */
    Optional<List<String>> into(
            Spot spot, Map<String, String> environment, Path below, List<String> words, Optional<Tty> terminal)
            throws IOException;
}
