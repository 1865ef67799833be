package io.finback.tasks;

/** The states of a task. Source: apache/mesos {@code include/mesos/v1/mesos.proto}, {@code docs/task-state-reasons.md}. */
public enum TaskState {
    STAGING(6, false),
    STARTING(0, false),
    RUNNING(1, false),
    KILLING(8, false),
    FINISHED(2, true),
    FAILED(3, true),
    KILLED(4, true),
    ERROR(7, true),
    LOST(5, true),
    DROPPED(9, true),
    UNREACHABLE(10, false),
    GONE(11, true),
    GONE_BY_OPERATOR(12, true),
    UNKNOWN(13, false);

    private final int number;
    private final boolean terminal;

    TaskState(int number, boolean terminal) {
        this.number = number;
        this.terminal = terminal;
    }

    /** The number on Mesos' wire. */
    public int number() {
        return number;
    }

    /** True when the task will never run again. */
    public boolean isTerminal() {
        return terminal;
    }

    /** The name on Mesos' and Marathon's wire: {@code TASK_RUNNING}. */
    public String wireName() {
        return "TASK_" + name();
    }
}
