/** Jobs: one entity each, the graph of those that wait for others, the view each master keeps, and the scheduler that places their runs. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.job;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
