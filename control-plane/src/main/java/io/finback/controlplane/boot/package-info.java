/** Starts a master: reads the configuration, calls constructors, binds listeners. Only {@code cli} imports it. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.boot;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
