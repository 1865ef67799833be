package io.finback.tasks;

import io.finback.resources.TaskId;
import java.util.Map;
import java.util.TreeMap;

/**
 * Executors stand among the tasks of their framework: each run of one is launched, accounted for, ended and reconciled as a task is.
 * What names it, its container behind a backslash, no scheduler may call a task, so no scheduler ever hears of it as one.
 */
public final class ExecutorRuns {
    /** Labels of a run: what its agent must know of the framework. */
    public static final String FRAMEWORK_NAME = "framework.name";

    public static final String FRAMEWORK_USER = "framework.user";
    /** Label of the end of a run: the number {@code wait(2)} gave, in decimal. */
    public static final String WAIT_STATUS = "wait_status";

    private static final String MARK = "\\";

    private ExecutorRuns() {}

    /** The run that lives in this container. */
    public static TaskId of(String container) {
        return TaskId.of(MARK + container);
    }

    public static boolean isRun(TaskId id) {
        return id.value().startsWith(MARK);
    }

    /** The container of a run. */
    public static String container(TaskId run) {
        return run.value().substring(MARK.length());
    }

    /** The labels of a run of this framework. */
    public static Map<String, String> labels(String frameworkName, String frameworkUser) {
        return new TreeMap<>(Map.of(FRAMEWORK_NAME, frameworkName, FRAMEWORK_USER, frameworkUser));
    }
}
