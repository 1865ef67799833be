/** The router node's own parts: identifiers, namers, endpoints fed by the cluster, metrics rendering, admin. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.router;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
