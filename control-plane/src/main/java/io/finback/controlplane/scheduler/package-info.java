/** The rules of services: apps and their versions, what to start and stop, where to place it. Pure: values in, values out. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.scheduler;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
