/** Starts an agent node. Only {@code cli} imports it. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.boot;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
