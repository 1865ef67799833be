/** What every master knows of the whole cluster, for reading only: deltas in, immutable snapshots out. */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.view;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
