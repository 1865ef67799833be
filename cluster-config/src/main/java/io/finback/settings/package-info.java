/** Reads and checks configuration; a wrong key or value is refused by name before anything starts. */
@NullMarked
@CheckReturnValue
package io.finback.settings;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
