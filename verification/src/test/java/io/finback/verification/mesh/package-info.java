/** The mesh as its callers see it. */
package io.finback.verification.mesh;
