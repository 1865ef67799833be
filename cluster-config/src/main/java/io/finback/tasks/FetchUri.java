package io.finback.tasks;

import java.util.Optional;

/**
 * Something to be in a task's sandbox before it starts. Source: Mesos {@code CommandInfo.URI}.
 *
 * @param value where it is: {@code http}, {@code https}, {@code file}, an absolute path, or a scheme the agent has a program for
 * @param executable made executable; then it is not extracted
 * @param extract unpacked when its name says that it is an archive
 * @param cache kept in the agent's cache, and taken from there
 * @param outputFile its path below the sandbox; empty: the last segment of {@code value}
 * @param checksum {@code sha256:} and 64 hexadecimal digits (or {@code sha512:}, {@code md5:}), which it must have; ours
 */
public record FetchUri(
        String value,
        boolean executable,
        boolean extract,
        boolean cache,
        Optional<String> outputFile,
        Optional<String> checksum) {}
