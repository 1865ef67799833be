/** Sizes that do not fit into one message, or one of anything. */
@org.jspecify.annotations.NullMarked
package io.finback.verification.scale;
