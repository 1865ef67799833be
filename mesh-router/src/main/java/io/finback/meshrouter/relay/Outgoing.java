package io.finback.meshrouter.relay;

import io.finback.meshrouter.rpc.Context;

/** A request on its way to instances, attempt by attempt. */
interface Outgoing<Q> {
    /** The request for one more attempt; the one before ceases to read of it. */
    Q next();

    /** What travels with it. */
    Context context();

    /** Whether all of it could be sent once more. */
    boolean isRepeatable();
}
