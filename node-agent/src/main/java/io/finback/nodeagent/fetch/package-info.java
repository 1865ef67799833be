/** Brings what a task's URIs name into its sandbox: downloads, checks, extracts, and keeps a cache; decides nothing about tasks. */
@NullMarked
@CheckReturnValue
package io.finback.nodeagent.fetch;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
