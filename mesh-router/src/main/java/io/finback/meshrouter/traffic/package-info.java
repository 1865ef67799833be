/** What every protocol of the router has in common: destinations and their endpoints, policies, statistics, and where a request goes. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.traffic;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
