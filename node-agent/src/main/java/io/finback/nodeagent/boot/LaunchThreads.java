package io.finback.nodeagent.boot;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that start tasks.
 *
 * @param blocking what takes milliseconds: processes, deletions
 * @param patient what may take minutes: downloads
 */
record LaunchThreads(ExecutorService blocking, ExecutorService patient) {
    private static final Logger log = LoggerFactory.getLogger(LaunchThreads.class);

    static LaunchThreads start(int launchParallelism, int fetchParallelism) {
        return new LaunchThreads(
                Executors.newFixedThreadPool(launchParallelism, work -> thread(work, "finback-agent-launch")),
                Executors.newFixedThreadPool(fetchParallelism, work -> thread(work, "finback-agent-fetch")));
    }

    void stop() {
        int unstarted = blocking.shutdownNow().size() + patient.shutdownNow().size();
        if (unstarted > 0) {
            // The next agent starts what is on disk.
            log.info("agent.launches_left count={}", unstarted);
        }
    }

    private static Thread thread(Runnable work, String name) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }
}
