/**
 * TLS of a node's listeners and of the nodes among themselves: what is set ({@link io.finback.tls.TlsSettings}), and contexts that
 * follow the files ({@link io.finback.tls.NodeTls}).
 */
@NullMarked
@CheckReturnValue
package io.finback.tls;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
