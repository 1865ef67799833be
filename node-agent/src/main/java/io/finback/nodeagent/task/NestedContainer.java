package io.finback.nodeagent.task;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A command that was started beside a task and stays: what a later agent must know to take it over. Pure and immutable.
 *
 * @param path the names of all containers it is in, from the outermost on, its own last
 * @param depth how many of them, from the end, are commands beside the task as this is; the others are the task's
 * @param parentPid the first process of the task
 * @param parentTicks when that began: a pid alone may be somebody else's by now
 * @param root of the sandbox, as the machine sees it: a directory whose place only the agent chooses
 * @param steps from there to its own directory
 * @param environment what was ordered for it; what is in it gets that, too
 * @param process it, or what waits for it outside the task; kept after the end
 * @param translated whether that process can only say the end as a shell does, a signal as 128 and its number
 * @param end how it ended; empty while it runs
 */
public record NestedContainer(
        List<String> path,
        int depth,
        long parentPid,
        long parentTicks,
        String root,
        List<String> steps,
        Map<String, String> environment,
        ProcessRef process,
        boolean translated,
        Optional<End> end) {
    private static final int SIGNALED = 128;
    private static final int MOST_SIGNAL = 64;

    /**
     * How one ended.
     *
     * @param waitStatus as {@code wait(2)} gives it; empty when nobody can say it any more
     */
    public record End(Optional<Integer> waitStatus) {}

    public NestedContainer {
        path = List.copyOf(path);
        steps = List.copyOf(steps);
        environment = Map.copyOf(environment);
        if (depth < 1 || path.size() <= depth) {
            throw new IllegalArgumentException(
                    "path: " + path + ", depth: " + depth + " (expected: the task's container, and its own)");
        }
    }

    /** As Mesos writes it, from the outermost inwards. */
    public static String name(List<String> path) {
        return String.join(".", path);
    }

    public String name() {
        return name(path);
    }

    public boolean isEnded() {
        return end.isPresent();
    }

    /** Whether it is, at whatever depth, in the container of this path. */
    public boolean isIn(List<String> outer) {
        return path.size() > outer.size() && path.subList(0, outer.size()).equals(outer);
    }

    /** The container it is directly in, if that is another command beside the task. */
    public Optional<List<String>> outer() {
        return depth > 1 ? Optional.of(path.subList(0, path.size() - 1)) : Optional.empty();
    }

    /** Its process has ended like this. */
    public NestedContainer ended(Exit exit) {
        return new NestedContainer(
                path,
                depth,
                parentPid,
                parentTicks,
                root,
                steps,
                environment,
                process,
                translated,
                Optional.of(new End(waitStatus(exit))));
    }

    private Optional<Integer> waitStatus(Exit exit) {
        if (exit instanceof Exit.Exited exited) {
            int status = exited.status();
            boolean signaled = translated && status > SIGNALED && status <= SIGNALED + MOST_SIGNAL;
            return Optional.of(signaled ? status - SIGNALED : status << 8);
        }
        return exit instanceof Exit.Signaled signaled
                ? Optional.of(signaled.signal() | (signaled.coreDumped() ? 0x80 : 0))
                : Optional.empty();
    }
}
