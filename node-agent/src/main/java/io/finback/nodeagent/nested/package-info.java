/** Commands beside tasks that stay until they are removed: who they are, what they are in, and how they ended. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.nested;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
