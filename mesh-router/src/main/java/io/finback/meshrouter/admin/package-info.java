/** Linkerd's admin server: metrics, delegation, state, logging, threads. Reads what the router keeps; runs on threads of its own. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.admin;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
