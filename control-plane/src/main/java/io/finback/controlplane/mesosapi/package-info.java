/** The cluster API with Mesos' paths and shapes, served from the view alone. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.mesosapi;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
