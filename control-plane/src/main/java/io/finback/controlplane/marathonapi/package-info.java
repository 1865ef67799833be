/** The Marathon-compatible HTTP API: codec, routes, errors in that API's shape. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.marathonapi;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
