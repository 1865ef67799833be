/** The HTTP API of jobs, compatible with Chronos: codec, routes, errors in that API's shape. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.chronosapi;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
