/** Looks at tasks: runs commands beside them, calls them by HTTP, connects to their ports. Knows no rule. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.probe;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
