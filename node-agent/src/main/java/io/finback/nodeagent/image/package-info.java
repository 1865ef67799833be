/**
 * Container images without a daemon: found in local files or fetched from a registry, checked, and unpacked layer by layer into a store
 * whose layers images share. Knows nothing of tasks.
 */
@NullMarked
package io.finback.nodeagent.image;

import org.jspecify.annotations.NullMarked;
