/** One session per agent: liveness, reliable launches and kills, reconciliation after a gap. Nothing in here is persisted. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.agent;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
