/** Thrift over framed connections, with Twitter's upgrade, and over Mux. Messages are bytes; {@code generated} adapts generated code. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.rpc.thrift;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
