/** What keeps a command to itself: which isolators work here, and how a command is wrapped in them. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.isolation;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
