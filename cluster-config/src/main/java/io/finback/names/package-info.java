/** Names and delegation as Finagle and Linkerd 1.x define them: paths, dtabs, name trees, binding. Pure. */
@NullMarked
@CheckReturnValue
package io.finback.names;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
