/** One entity per app: its versions and instances, and the lock a deployment holds. Owns every conversation an app takes part in. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.app;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
