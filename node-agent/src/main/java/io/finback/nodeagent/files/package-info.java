/** What of this machine's files may be looked at from afar: sandboxes and the agent's log, and nothing a link leads out to. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.files;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
