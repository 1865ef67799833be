package io.finback.nodeagent.docker;

import io.finback.nodeagent.executor.LogLimits;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How the agent uses a Docker engine.
 *
 * @param host where its API is; empty: none is used
 * @param answerWithin how long one answer may take
 * @param pullWithin how long an image may take
 * @param config a {@code config.json} with credentials for registries
 * @param removeAfter how long an ended container is kept after its end was reported
 * @param keepImages how long an image this agent has pulled is kept unused; empty: for ever
 * @param logs how much of what a container prints is kept in its sandbox
 */
public record DockerSettings(
        Optional<URI> host,
        Duration answerWithin,
        Duration pullWithin,
        Optional<Path> config,
        Duration removeAfter,
        Optional<Duration> keepImages,
        LogLimits logs) {}
