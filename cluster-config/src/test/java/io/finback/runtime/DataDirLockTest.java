package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DataDirLockTest {
    @TempDir
    Path directory;

    /** Another process: holds the lock until its standard input ends. */
    public static void main(String[] args) throws IOException {
        try (DataDirLock lock = DataDirLock.acquire(Path.of(args[0]))) {
            System.out.println(lock.directory());
            System.out.flush();
            var unused = System.in.readAllBytes();
        }
    }

    @Test
    void refusesASecondLockOfThisProcess() {
        try (DataDirLock first = DataDirLock.acquire(directory)) {
            assertThatThrownBy(() -> DataDirLock.acquire(directory))
                    .isInstanceOf(StartFailure.class)
                    .hasMessageContaining("data directory " + directory + " is in use by this process");
            assertThat(first.directory()).isAbsolute();
        }
        DataDirLock.acquire(directory).close();
    }

    @Test
    void namesTheProcessThatHasTheDirectoryAndIsFreeWhenItIsKilled() throws Exception {
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        DataDirLockTest.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            assertThat(other.inputReader().readLine()).isNotEmpty();
            assertThatThrownBy(() -> DataDirLock.acquire(directory))
                    .isInstanceOf(StartFailure.class)
                    .hasMessageContaining("is in use by process " + other.pid());
        } finally {
            other.destroyForcibly();
        }
        assertThat(other.waitFor(20, TimeUnit.SECONDS)).isTrue();
        try (DataDirLock after = DataDirLock.acquire(directory)) {
            assertThat(after.wasLeft()).as("by who was killed").isTrue();
        }
        try (DataDirLock again = DataDirLock.acquire(directory)) {
            assertThat(again.wasLeft()).as("given back").isFalse();
        }
    }

    @Test
    void refusesWhatIsNoDirectory() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "x");
        assertThatThrownBy(() -> DataDirLock.acquire(file))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("cannot be written");
    }
}
