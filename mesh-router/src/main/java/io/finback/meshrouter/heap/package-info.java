/** The room that the JVM has for what requests leave behind: small while a router is idle, larger while it is busy. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.heap;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
