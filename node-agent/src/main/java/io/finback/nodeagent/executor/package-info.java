/** Processes: prepares, releases, watches and ends them; never decides. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.executor;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
