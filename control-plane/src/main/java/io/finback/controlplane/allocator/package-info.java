/** Who gets which resources: agents, what tasks hold, offers, filters and the fair order. Pure. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.allocator;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
