package io.finback.cli;

import java.nio.file.Path;

/** Ends every task process that an agent of that data directory has left running, and returns when they are gone. */
@FunctionalInterface
interface TaskSweep {
    void stopTasksOf(Path agentDataDir);
}
