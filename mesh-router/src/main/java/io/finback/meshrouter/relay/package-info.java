/**
 * The data path of HTTP/2, Thrift and Mux: a server and clients of the RPC library, and between them the way of a call through the router,
 * which is the same for all of them. Knows names and endpoints, not where they come from.
 */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.relay;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
