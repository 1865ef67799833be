/** Jobs: when they run, what is owed, what follows from what happened. Pure. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.schedule;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
