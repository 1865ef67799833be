/** The agent's actors: the conversation with the masters, and the tasks. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.node;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
