package io.finback.nodeagent.machine;

import com.sun.management.OperatingSystemMXBean;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a machine has.
 *
 * @param cores processors this JVM may use (a container's limit counts)
 * @param memoryMib memory of the machine or of the container this JVM runs in
 * @param diskMib size of the file system the sandboxes are on
 * @param gpus cards that {@code nvidia-smi} lists
 */
public record Machine(int cores, double memoryMib, double diskMib, int gpus) {
    private static final double MIB = 1024.0 * 1024.0;
    private static final Ranges PORTS = Ranges.of(31000, 32000);

    /** Looks at the machine this runs on. */
    public static Machine look(Path dataDir) throws IOException {
        double memory = ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean bean
                ? bean.getTotalMemorySize() / MIB
                : 1024;
        return new Machine(
                Runtime.getRuntime().availableProcessors(),
                memory,
                Files.getFileStore(dataDir).getTotalSpace() / MIB,
                Gpus.count(System.getenv().getOrDefault("PATH", "")));
    }

    /**
     * What to offer: what is written down, and for every name that is not what Mesos would find (section "Agent" of its
     * {@code src/slave/containerizer/containerizer.cpp}): all cores, memory less 1 GiB and disk less 5 GiB (half of it on small
     * machines), ports 31000 to 32000.
     */
    public Resources offer(ResourceText.Written written) {
        Resources all = written.resources();
        if (!written.names().contains(Resources.CPUS)) {
            all = all.withScalar(Resources.CPUS, cores);
        }
        if (!written.names().contains(Resources.MEM)) {
            all = all.withScalar(Resources.MEM, Math.floor(memoryMib >= 2048 ? memoryMib - 1024 : memoryMib / 2));
        }
        if (!written.names().contains(Resources.DISK)) {
            all = all.withScalar(Resources.DISK, Math.floor(diskMib >= 10240 ? diskMib - 5120 : diskMib / 2));
        }
        if (gpus > 0 && !written.names().contains(Resources.GPUS)) {
            all = all.withScalar(Resources.GPUS, gpus);
        }
        return written.names().contains(Resources.PORTS) ? all : all.withPorts(PORTS);
    }
}
