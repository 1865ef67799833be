/** The {@code finback} program: composes nodes, one a process or a whole dev cluster in one. */
@NullMarked
@CheckReturnValue
package io.finback.cli;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
