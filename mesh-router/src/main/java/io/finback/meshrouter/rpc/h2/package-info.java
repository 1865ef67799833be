/** HTTP/2: requests and responses with bodies that stream, and trailers; gRPC passes through. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.rpc.h2;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
