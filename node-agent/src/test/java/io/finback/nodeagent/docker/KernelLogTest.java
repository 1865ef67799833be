package io.finback.nodeagent.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class KernelLogTest {
    private static final String ID = "72d2c04bb0ad3f5317acd47d1ab943865392085d7cb249ba04b5ea456d54dad2";
    private static final String HEAD = "6,4711,58171928676,-;";

    @TempDir
    Path directory;

    @Test
    void knowsTheContainerWhoseLimitWasReached() throws Exception {
        assertThat(says(killed("CONSTRAINT_MEMCG", "/docker/" + ID))).isTrue();
        assertThat(says(killed("CONSTRAINT_MEMCG", "/system.slice/docker-" + ID + ".scope")))
                .isTrue();
        assertThat(says(killed("CONSTRAINT_MEMCG", "/docker/" + ID + "/within")))
                .isTrue();
    }

    @Test
    void doesNotTakeAnothersEndForIts() throws Exception {
        assertThat(says(killed("CONSTRAINT_MEMCG", "/docker/" + ID.replace('7', '8'))))
                .isFalse();
        assertThat(says(killed("CONSTRAINT_MEMCG", "/docker"))).isFalse();
        assertThat(says(killed("CONSTRAINT_NONE", "/docker/" + ID))).isFalse();
        assertThat(says("")).isFalse();
    }

    @Test
    void knowsNothingWhereTheLogMayNotBeRead() {
        KernelLog log = new KernelLog(directory.resolve("none"));
        assertThat(log.ranOutOfMemory(ID)).isFalse();
    }

    /** The kernel's log has no end: its reader waits. */
    @Test
    void readsWhatIsThereAndDoesNotWaitForMore() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        assertThat(readWhileOpen(pipe, "6,1,1,-;eth0: link is up\n")).isFalse();
        assertThat(readWhileOpen(pipe, killed("CONSTRAINT_MEMCG", "/docker/" + ID)))
                .isTrue();
    }

    @Test
    void doesNotReadOnForAsLongAsTheKernelWrites() {
        // As many lines as anybody reads of it.
        assertThat(new KernelLog(Path.of("/dev/zero")).ranOutOfMemory(ID)).isFalse();
    }

    private boolean readWhileOpen(Path pipe, String text) throws Exception {
        CompletableFuture<Boolean> said = CompletableFuture.supplyAsync(() -> new KernelLog(pipe).ranOutOfMemory(ID));
        try (OutputStream open = Files.newOutputStream(pipe)) {
            open.write(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            open.flush();
            return said.get(20, TimeUnit.SECONDS);
        }
    }

    private boolean says(String text) throws Exception {
        Path file = Files.writeString(directory.resolve("log"), "6,1,1,-;eth0: link is up\n" + text);
        return new KernelLog(file).ranOutOfMemory(ID);
    }

    /** As Linux 6.18 writes it. */
    private static String killed(String constraint, String group) {
        return HEAD + "oom-kill:constraint=" + constraint + ",nodemask=(null),cpuset=" + ID
                + ",mems_allowed=0,oom_memcg=" + group + ",task_memcg=/docker/" + ID
                + ",task=dd,pid=1686,uid=0\n";
    }
}
