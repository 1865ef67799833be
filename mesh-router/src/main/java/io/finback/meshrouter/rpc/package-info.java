/**
 * Calls between programs: services and filters, the stacks of modules they are built from, and what a call carries. Usable alone: it
 * knows nothing else of Finback but {@code balance} and {@code resilience}. Start with docs/rpc.md.
 */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.rpc;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
