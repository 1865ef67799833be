package io.finback.meshrouter.relay;

import io.finback.meshrouter.rpc.Context;

/** A request on its way to instances, attempt by attempt. */
interface Outgoing<Q> {
    /** The request for one more attempt; the one before ceases to read of it. */
    Q next();

    /** What travels with it. */
    Context context();

    /** Of its body have been read so many bytes so far, in all attempts; 0 of a request that came whole. */
    default long moved() {
        return 0;
    }

    /** Whether all of it could be sent once more. */
    boolean isRepeatable();
}
