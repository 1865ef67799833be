/** {@code finback check}: looks at a node and at its cluster from outside, and says what is wrong and what would help. */
@NullMarked
@CheckReturnValue
package io.finback.cli.check;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
