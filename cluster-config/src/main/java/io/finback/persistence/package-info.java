/** Where events and snapshots live: two profiles chosen by configuration alone, and the constants every persistent entity shares. */
@NullMarked
@CheckReturnValue
package io.finback.persistence;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
