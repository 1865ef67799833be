package io.finback.nodeagent.executor;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much of what a task prints is kept: {@code stdout}, {@code stdout.1} … and the same of stderr, as Mesos' logrotate module
 * names them. Source of the variables: apache/mesos {@code src/slave/container_loggers/logrotate.hpp}.
 *
 * @param maxBytes of each file; at least {@link #LEAST_BYTES}
 * @param maxFiles per stream, the one being written included; at least 1
 */
public record LogLimits(long maxBytes, int maxFiles) {
    /** The logger counts in pages of a pipe. */
    public static final long LEAST_BYTES = 64 * 1024;

    private static final int MOST_FILES = 1000;
    private static final Pattern SIZE = Pattern.compile("\\s*(\\d{1,12})\\s*(B|KB|MB|GB|TB)\\s*");
    private static final Pattern ROTATE = Pattern.compile("(?:^|[\\s;{])rotate\\s+(\\d{1,9})(?:$|[\\s;}])");

    public LogLimits {
        if (maxBytes < LEAST_BYTES) {
            throw new IllegalArgumentException(
                    "max-size: " + maxBytes + " bytes (expected: at least " + LEAST_BYTES + ")");
        }
        if (maxFiles < 1 || maxFiles > MOST_FILES) {
            throw new IllegalArgumentException("max-files: " + maxFiles + " (expected: 1 to " + MOST_FILES + ")");
        }
    }

    /**
     * What a task's own environment makes of it: {@code CONTAINER_LOGGER_MAX_STDOUT_SIZE} ("10MB") and
     * {@code CONTAINER_LOGGER_LOGROTATE_STDOUT_OPTIONS} ("rotate 9"; its other options are ignored). Throws naming the variable.
     *
     * @param stream {@code STDOUT} or {@code STDERR}
     */
    LogLimits overriddenBy(Map<String, String> environment, String stream) {
        String sizeName = "CONTAINER_LOGGER_MAX_" + stream + "_SIZE";
        String optionsName = "CONTAINER_LOGGER_LOGROTATE_" + stream + "_OPTIONS";
        String size = environment.get(sizeName);
        String options = environment.getOrDefault(optionsName, "");
        long bytes = size == null ? maxBytes : bytes(sizeName, size);
        Matcher rotate = ROTATE.matcher(options);
        int files = rotate.find() ? Integer.parseInt(rotate.group(1)) + 1 : maxFiles;
        try {
            return new LogLimits(bytes, files);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    sizeName + ", " + optionsName + ": " + size + ", " + options + " give " + e.getMessage(), e);
        }
    }

    private static long bytes(String name, String text) {
        Matcher matcher = SIZE.matcher(text.toUpperCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new IllegalArgumentException(name + ": '" + text + "' (expected: such as 10MB; B, KB, MB, GB or TB)");
        }
        int shift =
                switch (matcher.group(2)) {
                    case "KB" -> 10;
                    case "MB" -> 20;
                    case "GB" -> 30;
                    case "TB" -> 40;
                    default -> 0;
                };
        long number = Long.parseLong(matcher.group(1));
        return number > (Long.MAX_VALUE >> (shift + 1)) ? Long.MAX_VALUE >> 1 : number << shift;
    }
}
