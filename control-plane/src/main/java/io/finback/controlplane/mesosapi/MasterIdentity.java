package io.finback.controlplane.mesosapi;

import java.time.Instant;

/**
 * What this master says of itself.
 *
 * @param id names this start of this master
 * @param host where others reach it
 * @param version of the program
 */
public record MasterIdentity(String id, String host, int port, String version, Instant startedAt) {
    /** The same at the port that was bound. */
    public MasterIdentity at(int boundPort) {
        return new MasterIdentity(id, host, boundPort, version, startedAt);
    }

    String address() {
        return host + ":" + port;
    }
}
