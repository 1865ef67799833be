/** The HTTP/1.1 data path on Netty event loops: codecs, connections, exchanges, pools. Knows names and endpoints, not where they come from. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.http;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
