/** The web console: its files, and the doors behind which both ports of a master show it. It reads the public HTTP APIs only. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.console;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
