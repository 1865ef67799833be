/** Ids, resource vectors, ranges and attributes. Pure: imports {@code java.*} only. */
@NullMarked
@CheckReturnValue
package io.finback.resources;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
