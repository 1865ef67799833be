package io.finback.nodeagent.secret;

import java.io.IOException;
import java.util.Optional;

/** Knows the values of secrets. Thread-safe; may block for as long as a launch may take. */
@FunctionalInterface
public interface SecretStore {
    /** The largest value: what fits a process' environment beside everything else. */
    int MAX_BYTES = 64 * 1024;

    /** The value of {@code reference}; empty: there is none. Throws when that cannot be told now. */
    Optional<byte[]> find(String reference) throws IOException;
}
