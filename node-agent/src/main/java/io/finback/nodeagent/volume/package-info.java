/** Persistent volumes on this machine's disks: where they are, and what becomes of them. */
@NullMarked
package io.finback.nodeagent.volume;

import org.jspecify.annotations.NullMarked;
