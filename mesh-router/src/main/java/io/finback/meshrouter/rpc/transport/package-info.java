/** Threads and sockets under every protocol. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.rpc.transport;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
