/** One entity per deployment: walks a plan over the apps it changes. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.deployment;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
