/** Delegation tables as entities, and what a master knows about names: its view of all tables, and of where apps are ready. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.naming;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
