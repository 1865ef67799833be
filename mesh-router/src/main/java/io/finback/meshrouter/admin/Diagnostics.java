package io.finback.meshrouter.admin;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.LoggerFactory;

/** What a process says about itself: threads, locks, loggers and their levels, a heap dump. */
final class Diagnostics {
    private static final List<String> LEVELS = List.of("OFF", "ERROR", "WARN", "INFO", "DEBUG", "TRACE", "ALL");

    private Diagnostics() {}

    /** By id: name, state, stack; the first {@code most} frames. */
    static Map<String, Object> threads(int most) {
        Map<String, Object> threads = new TreeMap<>();
        for (ThreadInfo info : ManagementFactory.getThreadMXBean().dumpAllThreads(true, true)) {
            Map<String, Object> out = new LinkedHashMap<>();
            out.put("thread", info.getThreadName());
            out.put("daemon", info.isDaemon());
            out.put("state", info.getThreadState().name());
            out.put("priority", info.getPriority());
            List<String> stack = new ArrayList<>();
            for (StackTraceElement frame : info.getStackTrace()) {
                if (stack.size() < most) {
                    stack.add(frame.toString());
                }
            }
            out.put("stack", stack);
            threads.put(Long.toString(info.getThreadId()), out);
        }
        return Map.of("threads", threads);
    }

    /** Threads that wait for a lock another one holds. */
    static Map<String, Object> contention() {
        List<String> blocked = new ArrayList<>();
        for (ThreadInfo info : ManagementFactory.getThreadMXBean().dumpAllThreads(true, true)) {
            if (info.getThreadState() == Thread.State.BLOCKED) {
                blocked.add(
                        info.getThreadName() + " waits for " + info.getLockName() + " of " + info.getLockOwnerName());
            }
        }
        return Map.of("blocked_threads", blocked);
    }

    /** Loggers with a level of their own, and the root. */
    static List<Map<String, Object>> loggers() {
        List<Map<String, Object>> all = new ArrayList<>();
        for (Logger logger : context().getLoggerList()) {
            if (logger.getLevel() != null) {
                all.add(Map.of(
                        "logger", logger.getName(), "level", logger.getLevel().toString()));
            }
        }
        return all;
    }

    /** Sets a level; what is wrong with the request, if so. */
    static Optional<String> setLevel(String logger, String level) {
        if (!LEVELS.contains(level)) {
            return Optional.of("level: '" + level + "' (expected: one of " + LEVELS + ")");
        }
        if (logger.isEmpty() || logger.length() > 200) {
            return Optional.of("logger: '" + logger + "' (expected: a logger's name, or ROOT)");
        }
        boolean known = context().exists(logger) != null;
        if (!known) {
            return Optional.of(
                    "logger: there is none called '" + logger + "' (expected: one that has logged, or ROOT)");
        }
        context().getLogger(logger).setLevel(Level.toLevel(level));
        return Optional.empty();
    }

    private static LoggerContext context() {
        return (LoggerContext) LoggerFactory.getILoggerFactory();
    }

    /** A heap dump in HPROF form, as a file the caller deletes. */
    static Path heap() throws IOException {
        Path directory = Files.createTempDirectory("finback-heap");
        Path file = directory.resolve("heap.hprof");
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).dumpHeap(file.toString(), true);
        return file;
    }
}
