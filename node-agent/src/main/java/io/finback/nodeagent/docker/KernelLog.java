package io.finback.nodeagent.docker;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the kernel wrote down of processes it killed because a control group had used up its memory (Linux 5.0 and later:
 * {@code oom-kill:constraint=CONSTRAINT_MEMCG,…,oom_memcg=…}). Such an end looks like anybody's SIGKILL otherwise. An engine says it
 * too, but hears of it by a race with the group's removal, and not at all on control groups of version 1 where a hierarchy that the
 * kernel has is not mounted. Thread-safe.
 */
final class KernelLog {
    static final Path DEVICE = Path.of("/dev/kmsg");

    private static final Logger log = LoggerFactory.getLogger(KernelLog.class);
    private static final Pattern GROUP = Pattern.compile("oom-kill:constraint=CONSTRAINT_MEMCG,.*?oom_memcg=([^,]*)");
    /** The kernel gives one line a time, and refuses a reader that has no room for it; its lines end at 1 KiB and some keys. */
    private static final int LINE_BYTES = 8 * 1024;
    /** A reader at the log's end waits for the next line. Lines that are there come within microseconds. */
    private static final long LAST_WORD_MILLIS = 200;
    /** A kernel that writes without a pause has no last line. */
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** Times that the kernel may have thrown away what was to be read next. */
    private static final int MOST_LOST = 16;

    private final Path device;
    /** Ends the wait at the log's end. Its own: who asks the engine on a clock makes the clock late. Its thread is there while it is used. */
    private final ScheduledThreadPoolExecutor clock;

    /** @param device the kernel's log, or a file with its lines */
    KernelLog(Path device) {
        this.device = device;
        clock = new ScheduledThreadPoolExecutor(1, work -> {
            Thread thread = new Thread(work, "finback-kernel-log");
            thread.setDaemon(true);
            return thread;
        });
        clock.setRemoveOnCancelPolicy(true);
        clock.setKeepAliveTime(10, TimeUnit.SECONDS);
        clock.allowCoreThreadTimeOut(true);
    }

    /**
     * Whether a process was killed since its group, or a group above it and within the container's, had used up its memory. False,
     * too, where the log may not be read, or has forgotten. Takes a fifth of a second when nothing was, and up
     * to two seconds while the kernel writes without a pause.
     *
     * @param id the engine's of the container, part of its group's name with every engine and driver
     */
    boolean ranOutOfMemory(String id) {
        if (id.isEmpty()) {
            return false;
        }
        try (FileChannel lines = FileChannel.open(device, StandardOpenOption.READ)) {
            return finds(lines, id);
        } catch (IOException | RuntimeException e) {
            log.debug("docker.kernel_log_unreadable device={} reason={}", device, e.toString());
            return false;
        }
    }

    private boolean finds(FileChannel lines, String id) throws IOException {
        ByteBuffer line = ByteBuffer.allocate(LINE_BYTES);
        int lost = 0;
        long began = System.nanoTime();
        while (System.nanoTime() - began < LONGEST_NANOS) {
            line.clear();
            ScheduledFuture<?> end = clock.schedule(() -> close(lines), LAST_WORD_MILLIS, TimeUnit.MILLISECONDS);
            try {
                if (lines.read(line) < 0) {
                    return false;
                }
            } catch (ClosedChannelException e) {
                log.trace("docker.kernel_log_read container={}", id);
                return false;
            } catch (IOException e) {
                if (++lost > MOST_LOST) {
                    throw e;
                }
            } finally {
                end.cancel(false);
            }
            if (names(UTF_8.decode(line.flip()).toString(), id)) {
                return true;
            }
        }
        return false;
    }

    private static boolean names(String text, String id) {
        Matcher group = GROUP.matcher(text);
        while (group.find()) {
            if (group.group(1).contains(id)) {
                return true;
            }
        }
        return false;
    }

    private static void close(FileChannel lines) {
        try {
            lines.close();
        } catch (IOException e) {
            log.debug("docker.kernel_log_close_failed reason={}", e.toString());
        }
    }
}
