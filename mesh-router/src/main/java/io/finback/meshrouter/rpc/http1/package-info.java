/** HTTP/1.1, client and server, with the messages of HTTP/2: one service is served by both. */
@NullMarked
package io.finback.meshrouter.rpc.http1;

import org.jspecify.annotations.NullMarked;
