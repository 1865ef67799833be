/** What every node shares at run time: its role, its start and stop, its membership in the cluster. */
@NullMarked
@CheckReturnValue
package io.finback.runtime;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
