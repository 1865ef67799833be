/** Reads {@code linkerd.yaml} as Linkerd 1.x does: strictly, with line numbers. What it says becomes plans of routers, servers, namers. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.linkerd;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
