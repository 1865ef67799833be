package io.finback.nodeagent.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.resources.Resources;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GpusTest {
    @TempDir
    Path dir;

    @Test
    void countsWhatTheProgramLists() throws Exception {
        program("echo 'GPU 0: Tesla T4 (UUID: GPU-1)'; echo 'GPU 1: Tesla T4 (UUID: GPU-2)'; echo Done.");
        assertThat(Gpus.count("/nowhere:" + dir)).isEqualTo(2);
    }

    @Test
    void noneWithoutTheProgramOrWhenItFails() throws Exception {
        assertThat(Gpus.count(dir.toString())).isZero();
        program("echo 'GPU 0: Tesla T4'; exit 9");
        assertThat(Gpus.count(dir.toString())).isZero();
    }

    @Test
    void offersThemUnlessTheConfigurationSaysOtherwise() {
        Machine machine = new Machine(4, 4096, 20_000, 2);
        assertThat(machine.offer(ResourceText.resources("")).quantities()).containsEntry(Resources.GPUS, 2000L);
        assertThat(machine.offer(ResourceText.resources("gpus:1")).quantities()).containsEntry(Resources.GPUS, 1000L);
    }

    private void program(String text) throws Exception {
        Path file = Files.writeString(dir.resolve("nvidia-smi"), "#!/bin/sh\n" + text + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }
}
