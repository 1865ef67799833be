/** The modules of clients, in their order, and the builder of clients. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.rpc.client;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
