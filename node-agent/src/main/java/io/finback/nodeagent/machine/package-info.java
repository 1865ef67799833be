/** What a machine has to give: resources and attributes, written down or found. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.machine;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
