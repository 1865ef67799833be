/** Where names and addresses come from: Linkerd's namers and interpreters. Each looks in the background and answers from memory. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.namers;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
