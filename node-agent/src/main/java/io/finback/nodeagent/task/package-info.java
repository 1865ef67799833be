/** The life of one task on an agent and the order of what is said of it. Pure: no Akka, no I/O, no clock. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.task;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
