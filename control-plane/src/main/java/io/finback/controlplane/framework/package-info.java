/** One entity per framework: its subscription, its tasks and their updates. Owns both halves of the scheduler conversation. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.framework;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
