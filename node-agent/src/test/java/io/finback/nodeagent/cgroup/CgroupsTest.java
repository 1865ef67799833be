package io.finback.nodeagent.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.nodeagent.cgroup.Cgroups.Controller;
import io.finback.nodeagent.containerizer.Usage;
import io.finback.nodeagent.containerizer.Usage.Cpu;
import io.finback.nodeagent.containerizer.Usage.Memory;
import io.finback.nodeagent.containerizer.Usage.Throttling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The files of version 2 as its documentation describes them, in a tree of our own. What a kernel makes of them, {@code mvn verify -Pkernel}
 * shows also where this machine's kernel has its controllers in version 1.
 */
class CgroupsTest {
    private static final GroupLimits LIMITS =
            new GroupLimits(1024, Optional.of(50_000L), 64 << 20, Optional.of(128L << 20), 99);

    @TempDir
    Path mount;

    @Test
    void findsBothVersionsAmongTheMounts() throws IOException {
        Files.writeString(mount.resolve("cgroup.controllers"), "hugetlb pids\n");

        CgroupMounts mounts = CgroupMounts.parse(List.of(
                "24 1 0:22 / /proc rw,relatime - proc proc rw",
                "30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct",
                "31 25 0:27 / /with\\040blank rw - cgroup cgroup rw,memory",
                "32 25 0:28 / " + mount + " rw shared:4 - cgroup2 cgroup2 rw,nsdelegate"));

        assertThat(mounts.unified()).contains(mount);
        assertThat(mounts.unifiedControllers()).containsExactlyInAnyOrder("hugetlb", "pids");
        assertThat(mounts.legacy())
                .containsEntry("cpu", Path.of("/sys/fs/cgroup/cpu,cpuacct"))
                .containsEntry("cpuacct", Path.of("/sys/fs/cgroup/cpu,cpuacct"))
                .containsEntry("memory", Path.of("/with blank"));
    }

    @Test
    void handsControllersDownAndSetsEveryLimitOfVersion2() throws IOException {
        Cgroups cgroups = unified();
        assertThat(cgroups.off()).isEmpty();
        for (Path group : List.of(mount, mount.resolve("finback"), mount.resolve("finback/agent"))) {
            // A kernel takes one after the other; in a plain file they lie on top of each other, the longest below.
            assertThat(Files.readString(group.resolve("cgroup.subtree_control")))
                    .isEqualTo("+pidsry");
        }
        Path c = kernelMakes("c");

        ContainerGroup group = cgroups.create("c", LIMITS, true);

        assertThat(read(c, "cpu.weight")).isEqualTo("39");
        assertThat(read(c, "cpu.max")).isEqualTo("50000 100000");
        assertThat(read(c, "memory.low")).isEqualTo("67108864");
        assertThat(read(c, "memory.max")).isEqualTo("134217728");
        assertThat(read(c, "memory.swap.max")).isEqualTo("0");
        assertThat(read(c, "memory.oom.group")).isEqualTo("1");
        assertThat(read(c, "pids.max")).isEqualTo("99");
        assertThat(group.directories()).isEqualTo(Map.of("unified", c.toString()));
        assertThat(cgroups.containers()).containsExactly("c");

        group.attach(42);
        assertThat(read(c, "cgroup.procs")).isEqualTo("42");
        group.kill();
        assertThat(read(c, "cgroup.kill")).isEqualTo("1");
    }

    @Test
    void readsWhatVersion2Tells() throws IOException {
        Cgroups cgroups = unified();
        Path c = kernelMakes("c");
        ContainerGroup group = cgroups.create("c", LIMITS, false);
        Files.writeString(
                c.resolve("cpu.stat"),
                "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 7\nnr_throttled 3\nthrottled_usec 500\n");
        Files.writeString(c.resolve("memory.current"), "1000\n");
        Files.writeString(c.resolve("memory.peak"), "2000\n");
        Files.writeString(c.resolve("memory.stat"), "anon 600\nfile 300\nfile_mapped 100\n");
        Files.writeString(c.resolve("memory.swap.current"), "5\n");
        Files.writeString(c.resolve("pids.current"), "4\n");
        Files.writeString(c.resolve("cgroup.procs"), "11\n12\n");

        assertThat(group.usage())
                .isEqualTo(new Usage(
                        Optional.of(new Cpu(
                                Duration.ofNanos(20_000),
                                Duration.ofNanos(10_000),
                                Optional.of(new Throttling(7, 3, Duration.ofNanos(500_000))))),
                        Optional.of(new Memory(
                                1000,
                                600,
                                Optional.of(300L),
                                Optional.of(100L),
                                Optional.of(5L),
                                Optional.of(128L << 20),
                                Optional.of(64L << 20),
                                Optional.of(2000L))),
                        Optional.of(2L),
                        Optional.of(4L)));

        Files.writeString(c.resolve("memory.events"), "low 0\nhigh 0\nmax 0\noom 0\noom_kill 1\n");
        assertThat(group.outOfMemory()).as("the machine was out of memory").isEmpty();
        Files.writeString(c.resolve("memory.events"), "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n");
        assertThat(group.outOfMemory())
                .contains(new ContainerGroup.OutOfMemory(OptionalLong.of(128L << 20), OptionalLong.of(2000)));
    }

    @Test
    void nothingIsLeftOfAGroupTheKernelRefuses() throws IOException {
        Cgroups cgroups = unified();

        // Nobody makes the files, as a kernel without these controllers would not.
        assertThatThrownBy(() -> {
                    Path c = Files.createDirectories(mount.resolve("finback/agent/c"));
                    Files.createFile(c.resolve("cpu.weight"));
                    Files.createFile(c.resolve("memory.max"));
                    var unused = cgroups.create("c", LIMITS, false);
                })
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cpu.max");
    }

    @Test
    void saysWhatAKernelDoesNotOffer() {
        Cgroups none = Cgroups.open(
                new CgroupMounts(Optional.empty(), Set.of(), Map.of()),
                "finback",
                "agent",
                EnumSet.of(Controller.MEMORY, Controller.KILL));

        assertThat(none.isPresent()).isFalse();
        assertThat(none.off())
                .containsEntry(Controller.MEMORY, "the kernel offers no controller 'memory' here")
                .containsEntry(Controller.CPU, "not asked for");
    }

    @Test
    void limitsFollowMesos() {
        assertThat(GroupLimits.of(0.0001, 1, Optional.empty(), Optional.empty(), false, 64))
                .isEqualTo(new GroupLimits(2, Optional.empty(), 32 << 20, Optional.of(32L << 20), 64));
        assertThat(GroupLimits.of(1.5, 100, Optional.empty(), Optional.empty(), true, 64))
                .isEqualTo(new GroupLimits(1536, Optional.of(150_000L), 100 << 20, Optional.of(100L << 20), 64));
        assertThat(GroupLimits.of(
                        1, 100, Optional.of(Double.POSITIVE_INFINITY), Optional.of(Double.POSITIVE_INFINITY), true, 64))
                .isEqualTo(new GroupLimits(1024, Optional.empty(), 100 << 20, Optional.empty(), 64));
        assertThat(GroupLimits.of(1, 100, Optional.of(0.005), Optional.of(200.0), false, 64))
                .isEqualTo(new GroupLimits(1024, Optional.of(1_000L), 100 << 20, Optional.of(200L << 20), 64));
    }

    private Cgroups unified() throws IOException {
        for (Path group : List.of(mount, mount.resolve("finback"), mount.resolve("finback/agent"))) {
            Files.createDirectories(group);
            Files.createFile(group.resolve("cgroup.subtree_control"));
        }
        return Cgroups.open(
                new CgroupMounts(Optional.of(mount), Set.of("cpu", "memory", "pids"), Map.of()),
                "finback",
                "agent",
                EnumSet.allOf(Controller.class));
    }

    /** The files a kernel puts into a new group. */
    private Path kernelMakes(String name) throws IOException {
        Path group = Files.createDirectories(mount.resolve("finback/agent").resolve(name));
        for (String file : List.of(
                "cgroup.procs",
                "cgroup.kill",
                "cpu.weight",
                "cpu.max",
                "cpu.stat",
                "memory.low",
                "memory.max",
                "memory.oom.group",
                "memory.swap.max",
                "memory.events",
                "pids.max")) {
            Files.createFile(group.resolve(file));
        }
        return group;
    }

    private static String read(Path group, String file) throws IOException {
        return Files.readString(group.resolve(file));
    }
}
