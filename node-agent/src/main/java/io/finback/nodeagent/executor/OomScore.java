package io.finback.nodeagent.executor;

import io.finback.nodeagent.task.ProcessRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whom the kernel ends first when the whole machine is out of memory: tasks before the agent, holders hardly ever. */
public final class OomScore {
    private static final Logger log = LoggerFactory.getLogger(OomScore.class);

    /** A holder has no memory to give; ending it ends its task, and loses the task's end. */
    private static final String HOLDER = "-900";

    private OomScore() {}

    /** Of the process and its holder. */
    public static void set(ProcessRef process, int ofTask) {
        write(process.pid(), Integer.toString(ofTask));
        write(process.holderPid(), HOLDER);
    }

    /** Not worth a launch: without the right to lower it, it stays as it was. */
    private static void write(long pid, String score) {
        try {
            Files.writeString(Path.of("/proc", Long.toString(pid), "oom_score_adj"), score);
        } catch (IOException e) {
            log.debug("task.oom_score_unset pid={} reason={}", pid, e.toString());
        }
    }
}
