/** Messages that cross a process boundary. Every one of them survives Jackson CBOR ({@code ProtocolTest}). */
@NullMarked
@CheckReturnValue
package io.finback.wire;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
