/** What survives the agent: one file per task and nested container, written before anything is said of it. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.checkpoint;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
