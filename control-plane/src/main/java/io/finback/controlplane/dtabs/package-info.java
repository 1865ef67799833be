/** A namespace's delegation table with its versions: what may change it, and what has. Pure. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.dtabs;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
