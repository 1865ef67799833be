/** What keeps a client well beside instances that are not: accrual, budgets, backoffs, verdicts. Pure: time and randomness are arguments. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.resilience;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
