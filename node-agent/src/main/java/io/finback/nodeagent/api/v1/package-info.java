/** Mesos' v1 APIs of an agent: what executors speak, and what operators ask and order. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.api.v1;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
