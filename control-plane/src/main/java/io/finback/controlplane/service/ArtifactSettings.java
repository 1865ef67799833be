package io.finback.controlplane.service;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Files that clients keep at the API, for tasks to fetch.
 *
 * @param directory empty: there is no such store
 * @param maxBytes of one file
 * @param maxFiles at most so many
 */
public record ArtifactSettings(Optional<Path> directory, long maxBytes, int maxFiles) {
    public static final ArtifactSettings NONE = new ArtifactSettings(Optional.empty(), 64L * 1024 * 1024, 10_000);
}
