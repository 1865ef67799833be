package io.finback.nodeagent.fetch;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Limits of fetching; the keys are under {@code finback.agent.fetcher}, documented in {@code reference.conf}.
 *
 * @param cacheBytes what the cache holds at most
 * @param maxBytes the largest single download
 * @param maxExtractedBytes what one archive may unfold to
 * @param maxEntries how many files, directories and links one archive may hold
 * @param connectTimeout for the first answer of a server's TCP
 * @param stallTimeout how long nothing may arrive
 * @param maxRedirects how many a download follows
 * @param parallelism how many tasks fetch at once
 * @param localRoots directories that {@code file:} may read from
 * @param commands by scheme: a program and its arguments, in which {@code {uri}} and {@code {file}} stand for source and target
 */
public record FetchSettings(
        long cacheBytes,
        long maxBytes,
        long maxExtractedBytes,
        int maxEntries,
        Duration connectTimeout,
        Duration stallTimeout,
        int maxRedirects,
        int parallelism,
        List<Path> localRoots,
        Map<String, List<String>> commands) {
    public static final String URI = "{uri}";
    public static final String FILE = "{file}";

    public FetchSettings {
        atLeast("cache-size", cacheBytes, 0);
        atLeast("max-size", maxBytes, 1);
        atLeast("max-extracted-size", maxExtractedBytes, 1);
        atLeast("max-entries", maxEntries, 1);
        atLeast("connect-timeout in ms", connectTimeout.toMillis(), 1);
        atLeast("stall-timeout in ms", stallTimeout.toMillis(), 1);
        atLeast("max-redirects", maxRedirects, 0);
        atLeast("parallelism", parallelism, 1);
        localRoots = List.copyOf(localRoots);
        commands = Map.copyOf(commands);
        localRoots.stream().filter(root -> !root.isAbsolute()).forEach(root -> {
            throw wrong("local-roots", "'" + root + "'", "absolute paths");
        });
        commands.forEach((scheme, command) -> {
            if (!scheme.matches("[a-z][a-z0-9+.-]*") || scheme.matches("https?|file")) {
                throw wrong("commands", scheme, "a scheme in lower case other than http, https and file");
            }
            if (command.isEmpty() || !command.contains(URI) || !command.contains(FILE)) {
                throw wrong("commands." + scheme, command.toString(), "a program with the arguments {uri} and {file}");
            }
        });
    }

    private static void atLeast(String key, long value, long least) {
        if (value < least || value > Long.MAX_VALUE / 4) {
            throw wrong(key, Long.toString(value), ">= " + least);
        }
    }

    private static IllegalArgumentException wrong(String key, String value, String expected) {
        return new IllegalArgumentException(
                "finback.agent.fetcher." + key + ": " + value + " (expected: " + expected + ")");
    }
}
