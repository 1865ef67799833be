package io.finback.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirTest {
    @TempDir
    Path directory;

    @Test
    void takesAnEmptyOrAbsentDirectoryAndItsOwn() throws IOException {
        DataDir data = new DataDir(directory.resolve("dev"));
        assertThatCode(data::check).doesNotThrowAnyException();
        Files.createDirectories(data.path());
        data.mark();
        assertThatCode(data::check).doesNotThrowAnyException();
    }

    @Test
    void refusesADirectoryOfSomethingElseAndChangesNothing() throws IOException {
        Path precious = Files.writeString(directory.resolve("precious"), "x");
        assertThatThrownBy(new DataDir(directory)::check)
                .isInstanceOf(StartFailure.class)
                .hasMessage("data directory " + directory
                        + " is not of a dev cluster and not empty; choose another with --data");
        assertThat(precious).exists();
    }

    @Test
    void clearsOnlyWhatADevClusterMakes() throws IOException {
        DataDir data = new DataDir(directory);
        data.mark();
        Files.createDirectories(directory.resolve("agent-1/tasks"));
        Files.writeString(directory.resolve("agent-1/tasks/t"), "x");
        Files.createDirectories(directory.resolve("master/journal"));
        Path notes = Files.writeString(directory.resolve("notes"), "mine");
        assertThat(data.agents()).containsExactly(directory.resolve("agent-1"));

        data.clear();

        assertThat(directory.resolve("agent-1")).doesNotExist();
        assertThat(directory.resolve("master")).doesNotExist();
        assertThat(notes).exists();
        assertThatCode(data::check).doesNotThrowAnyException();
    }
}
