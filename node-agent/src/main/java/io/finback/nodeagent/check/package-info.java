/**
 * Health checks and general checks of tasks: when to look, what to make of what was seen, what to say of it and when to end the
 * task. Pure.
 */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.check;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
