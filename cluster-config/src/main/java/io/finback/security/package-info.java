/**
 * Who asks, and what they may do. {@link io.finback.security.Authenticator} tells principals apart, {@link io.finback.security.Acls}
 * decides, {@link io.finback.security.Guard} stands before a port. Nothing here knows what it protects.
 */
@NullMarked
@CheckReturnValue
package io.finback.security;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
