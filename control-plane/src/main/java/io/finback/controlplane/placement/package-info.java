/**
 * Which waiting instance goes to which offer, and why one goes nowhere: constraints, spread, packing, roles, reservations, ports. Pure.
 */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.placement;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
