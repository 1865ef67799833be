/** namerd's HTTP API, {@code /api/1}, as io.l5d.httpController serves it. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.namerdapi;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
