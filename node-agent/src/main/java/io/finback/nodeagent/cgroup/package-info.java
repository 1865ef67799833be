/** Linux control groups, versions 1 and 2: one group per container, its limits, its use, and the end of everything in it. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.cgroup;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
