/** Which endpoint gets the next request. Pure: load, time and randomness are arguments. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.balance;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
