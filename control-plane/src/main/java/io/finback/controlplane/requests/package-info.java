/** What every HTTP API on port 8080 does with a request before and after its handlers: limits and failures. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.requests;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
