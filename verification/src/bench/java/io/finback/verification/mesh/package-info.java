/** How much a request through the mesh costs, beside others that do the same: small proxies to choose a data path by, and whole ones. */
@NullMarked
package io.finback.verification.mesh;

import org.jspecify.annotations.NullMarked;
