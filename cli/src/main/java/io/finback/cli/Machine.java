package io.finback.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a machine can give to tasks.
 *
 * @param cpus cores
 * @param memMib what tasks may have of the memory, in MiB
 * @param diskMib what tasks may have of the free disk, in MiB
 */
record Machine(int cpus, long memMib, long diskMib) {
    private static final long MIB = 1024L * 1024;
    /** As Mesos: the machine keeps 1 GiB of memory and 5 GiB of disk, or half of what is less than twice that. */
    private static final long KEPT_MEM_MIB = 1024;

    private static final long KEPT_DISK_MIB = 5 * 1024;

    /** Looks at this machine (or the container's limits); {@code directory} names the disk, and exists. */
    static Machine discover(Path directory) {
        long memory = ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                        .getTotalMemorySize()
                / MIB;
        long disk;
        try {
            disk = Files.getFileStore(directory).getUsableSpace() / MIB;
        } catch (IOException e) {
            disk = 0;
        }
        return new Machine(
                Runtime.getRuntime().availableProcessors(), less(memory, KEPT_MEM_MIB), less(disk, KEPT_DISK_MIB));
    }

    private static long less(long total, long kept) {
        return total > 2 * kept ? total - kept : total / 2;
    }
}
