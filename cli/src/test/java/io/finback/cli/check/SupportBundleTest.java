package io.finback.cli.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.settings.NodeConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SupportBundleTest {
    @TempDir
    Path dir;

    @Test
    void holdsSettingsAndLogAndNoSecret() throws Exception {
        Files.createDirectories(dir.resolve("logs"));
        Files.writeString(dir.resolve("logs/finback.log"), "one line\n");
        NodeConfig wishes = NodeConfig.of(
                List.of(),
                Map.of("FINBACK_PERSISTENCE_POSTGRES_PASSWORD", "hunter2"),
                List.of(
                        "data-dir=" + dir,
                        "management.port=1",
                        "persistence.postgres.password-file=/run/secrets/database"));
        Path file = dir.resolve("bundle.zip");

        List<String> names = new SupportBundle(config -> Map.of())
                .write(file, wishes, List.of(Finding.fail("disk", "is full", "free space")));

        Map<String, String> content = read(file);
        assertThat(content.keySet()).containsExactlyInAnyOrderElementsOf(names);
        assertThat(content.get("check.txt")).contains("FAIL disk: is full", "-> free space");
        assertThat(content.get("finback.log")).isEqualTo("one line\n");
        assertThat(content.get("program.txt")).contains("java ");
        assertThat(content.get("settings.conf"))
                .contains("(left out)")
                .contains("/run/secrets/database")
                .contains(dir.toString());
        content.values().forEach(text -> assertThat(text).doesNotContain("hunter2"));
    }

    private static Map<String, String> read(Path file) throws Exception {
        Map<String, String> content = new TreeMap<>();
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(file))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                content.put(entry.getName(), new String(zip.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return content;
    }
}
