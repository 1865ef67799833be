/** Mux: many calls at a time over one connection, with contexts, discards, pings, leases, fragments and draining. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.rpc.mux;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
