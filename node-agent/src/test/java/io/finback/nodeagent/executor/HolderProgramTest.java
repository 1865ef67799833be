package io.finback.nodeagent.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HolderProgramTest {
    private static final Path SOURCES = Path.of("src/main/native");

    @TempDir
    Path directory;

    /** What is carried is made from what is written: {@code build.sh} puts the hash of the source into it. */
    @ParameterizedTest
    @ValueSource(strings = {"amd64", "aarch64"})
    void isMadeFromTheSourceBesideIt(String architecture) throws Exception {
        MessageDigest hash = MessageDigest.getInstance("SHA-256");
        for (String file :
                List.of("become.h", "console.h", "holder.c", "logs.h", "system.h", "terminal.h", "words.h")) {
            hash.update(Files.readAllBytes(SOURCES.resolve(file)));
        }

        assertThat(new String(HolderProgram.content(architecture), StandardCharsets.ISO_8859_1))
                .contains(HexFormat.of().formatHex(hash.digest()));
    }

    @Test
    void isPutThereOnceAndNeverWrittenAgain() throws Exception {
        Path file = HolderProgram.install(directory.resolve("bin")).file();
        FileTime old = FileTime.from(Instant.EPOCH);
        Files.setLastModifiedTime(file, old);

        assertThat(HolderProgram.install(directory.resolve("bin")).file()).isEqualTo(file);

        assertThat(Files.getLastModifiedTime(file)).isEqualTo(old);
        try (Stream<Path> all = Files.list(directory.resolve("bin"))) {
            assertThat(all).containsExactly(file);
        }
    }

    @Test
    void saysWhyItCannotBeUsed() throws Exception {
        Files.writeString(directory.resolve("bin"), "in the way");

        assertThatThrownBy(() -> HolderProgram.install(directory.resolve("bin")))
                .isInstanceOf(HolderProgram.Unusable.class)
                .hasMessageContaining("cannot be written");
        assertThatThrownBy(() -> HolderProgram.content("s390x"))
                .hasMessage("os.arch: s390x (expected: one of [aarch64, amd64, x86_64])");
    }
}
