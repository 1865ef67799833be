package io.finback.nodeagent.boot;

import com.typesafe.config.Config;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What the API shows of files; the keys are under {@code finback.agent.files}, documented in {@code reference.conf}.
 *
 * @param log shown as {@code /slave/log}
 * @param maxEntries listed of one directory
 * @param maxFollowers files followed at the same time
 */
record FilesSettings(Optional<Path> log, int maxEntries, int maxFollowers) {
    FilesSettings {
        within("max-entries", maxEntries, 1, 1_000_000);
        within("max-followers", maxFollowers, 0, 10_000);
        log.filter(file -> !file.isAbsolute()).ifPresent(file -> {
            throw new IllegalArgumentException(
                    "finback.agent.files.log: '" + file + "' (expected: an absolute path, or nothing)");
        });
    }

    static FilesSettings from(Config files) {
        String log = files.getString("log").strip();
        return new FilesSettings(
                log.isEmpty() ? Optional.empty() : Optional.of(Path.of(log)),
                files.getInt("max-entries"),
                files.getInt("max-followers"));
    }

    private static void within(String key, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "finback.agent.files." + key + ": " + value + " (expected: " + least + " to " + most + ")");
        }
    }
}
