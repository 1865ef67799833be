/**
 * Containers of images without a daemon: bundles written here, made and started by an OCI runtime (runc, crun), kept by the same holders
 * as plain commands.
 */
@NullMarked
package io.finback.nodeagent.oci;

import org.jspecify.annotations.NullMarked;
