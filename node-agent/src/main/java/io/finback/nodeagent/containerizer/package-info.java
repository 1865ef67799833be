/** What it means to run something on this machine, whoever runs it: the process launcher, an engine, a runtime. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.containerizer;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
