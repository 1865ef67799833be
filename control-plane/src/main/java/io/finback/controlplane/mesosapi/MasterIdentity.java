package io.finback.controlplane.mesosapi;

import java.time.Instant;

/**
 * What this master says of itself.
 *
 * @param id names this start of this master
 * @param version of the program
 */
public record MasterIdentity(String id, String host, int port, String version, Instant startedAt) {
    String address() {
        return host + ":" + port;
    }
}
