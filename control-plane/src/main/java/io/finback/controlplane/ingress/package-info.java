/** Group commit: gathers what arrives while an event-sourced entity persists into its next event. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.ingress;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
