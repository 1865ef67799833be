/** Containers of a Docker engine: asks it over its socket, and holds what it says against what the agent has on disk. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.docker;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
