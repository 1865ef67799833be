/** The modules of servers, in their order, and the builder of servers. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.rpc.server;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
