/** Whole clusters of separate OS processes, really killed, while real clients call them. */
@NullMarked
package io.finback.verification.process;

import org.jspecify.annotations.NullMarked;
