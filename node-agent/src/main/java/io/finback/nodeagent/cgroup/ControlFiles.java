package io.finback.nodeagent.cgroup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** The small files of a group. They are never created by writing: a file that is not there is a controller that is not. */
final class ControlFiles {
    private ControlFiles() {}

    static void write(Path file, String value) throws IOException {
        try {
            Files.write(file, value.getBytes(StandardCharsets.US_ASCII), StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new IOException(file + ": cannot be set to '" + value + "' (" + e + ")", e);
        }
    }

    static Optional<String> read(Path file) {
        try {
            return Optional.of(Files.readString(file, StandardCharsets.US_ASCII).strip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Empty for {@code max}, for what is no number, and where there is no such file. */
    static OptionalLong number(Path file) {
        Optional<String> text = read(file).filter(value -> !value.equals("max"));
        return text.isPresent() ? number(text.get()) : OptionalLong.empty();
    }

    private static OptionalLong number(String text) {
        try {
            return OptionalLong.of(Long.parseLong(text));
        } catch (NumberFormatException e) {
            // Larger than a long: as good as no limit.
            return OptionalLong.empty();
        }
    }

    /** A file of {@code name value} lines. */
    static Map<String, Long> table(Path file) {
        Map<String, Long> table = new HashMap<>();
        for (String line : read(file).orElse("").split("\n", -1)) {
            int blank = line.indexOf(' ');
            if (blank > 0) {
                number(line.substring(blank + 1)).ifPresent(value -> table.put(line.substring(0, blank), value));
            }
        }
        return table;
    }
}
