/**
 * What may be lent out of what tasks hold and do not use, and what is taken back when the machine needs it. Pure. {@link
 * io.finback.nodeagent.oversubscription.ResourceEstimator} and {@link io.finback.nodeagent.oversubscription.QosController} are the
 * two places where an operator's own classes go.
 */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.oversubscription;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
