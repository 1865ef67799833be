/** The allocator entity: journal, group commit and timers around {@code allocator}. Owns its conversation with everybody. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.allocation;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
