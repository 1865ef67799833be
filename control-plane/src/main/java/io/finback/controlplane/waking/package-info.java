/** Keeps entities awake that must live without anybody asking for them, and one master's view of them up to date. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.waking;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
