/** The agent's own HTTP API. Reads the board of tasks, asks no actor. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.api;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
