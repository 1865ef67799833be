package io.finback.nodeagent.image;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Where images come from and how much of them is kept; the keys are under {@code finback.agent.images}.
 *
 * @param directories of local images, asked first, in order
 * @param registry where images come from that name no host; empty: nowhere
 * @param insecure hosts (with their ports) that are spoken to without TLS; loopback always may be
 * @param config a {@code config.json} with credentials for registries
 * @param answerWithin how long a registry may think
 * @param pullWithin how long an image may take to come
 * @param keep how long an image is kept that no task wants; empty: for ever
 * @param maxBytes of an image, unpacked
 * @param maxFiles of an image
 */
public record ImageSettings(
        List<Path> directories,
        Optional<URI> registry,
        Set<String> insecure,
        Optional<Path> config,
        Duration answerWithin,
        Duration pullWithin,
        Optional<Duration> keep,
        long maxBytes,
        long maxFiles) {
    public ImageSettings {
        directories = List.copyOf(directories);
        insecure = Set.copyOf(insecure);
    }
}
