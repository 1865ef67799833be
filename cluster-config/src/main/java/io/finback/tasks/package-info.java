/** What a task is and what is said of it, in Mesos' terms. Pure: imports {@code java.*} and {@code resources} only. */
@NullMarked
@CheckReturnValue
package io.finback.tasks;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
