package io.finback.nodeagent.fetch;

import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * One thing to be brought into a sandbox. Source: Mesos {@code CommandInfo.URI}.
 *
 * @param uri a URI, or an absolute path
 * @param executable made executable, and never extracted
 * @param extract an archive (by its name) is unpacked beside itself
 * @param cache kept for the next task that wants the same
 * @param outputFile its name in the sandbox, directories included; empty: the last part of the URI's path
 * @param checksum what its content must digest to; an extension
 */
public record Download(
        String uri,
        boolean executable,
        boolean extract,
        boolean cache,
        Optional<String> outputFile,
        Optional<String> checksum) {

    /** Why this cannot be fetched, whatever the network says: field, value and what was expected. */
    public Optional<String> problem() {
        try {
            URI parsed = parsed();
            if (target().isEmpty()) {
                return Optional.of("uri: '" + uri + "' (expected: a path with a file name, or output_file)");
            }
            Optional<Checksum> readable = checksum.map(Checksum::parse);
            Objects.requireNonNull(readable);
            return parsed.getScheme().matches("https?") && parsed.getHost() == null
                    ? Optional.of("uri: '" + uri + "' (expected: a host)")
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** With a scheme in lower case; throws {@link IllegalArgumentException} naming what was expected. */
    URI parsed() {
        if (uri.startsWith("/")) {
            return Path.of(uri).toUri();
        }
        URI parsed;
        try {
            parsed = URI.create(uri.strip());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("uri: '" + uri + "' (expected: a URI or an absolute path)", e);
        }
        if (parsed.getScheme() == null) {
            throw new IllegalArgumentException("uri: '" + uri + "' (expected: a scheme, or an absolute path)");
        }
        return parsed;
    }

    String scheme() {
        return parsed().getScheme().toLowerCase(Locale.ROOT);
    }

    /** The name in the sandbox; empty when the URI has none. Throws when it would be elsewhere. */
    Optional<String> target() {
        if (outputFile.isPresent()) {
            Path path = Path.of(outputFile.get());
            if (outputFile.get().isEmpty() || path.isAbsolute() || SafeTree.climbs(path)) {
                throw new IllegalArgumentException(
                        "output_file: '" + outputFile.get() + "' (expected: a path within the sandbox)");
            }
            return outputFile;
        }
        String path = parsed().getPath();
        String name = path == null ? "" : path.substring(path.lastIndexOf('/') + 1);
        return name.isEmpty() || name.equals(".") || name.equals("..") ? Optional.empty() : Optional.of(name);
    }
}
