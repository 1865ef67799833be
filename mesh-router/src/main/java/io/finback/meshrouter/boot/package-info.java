/** Starts the router role: reads the configuration, calls constructors. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.boot;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
