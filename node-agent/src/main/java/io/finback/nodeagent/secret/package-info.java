/** Secrets: where their values come from, and how tasks get them. Nothing of them is logged or journaled. */
@NullMarked
package io.finback.nodeagent.secret;

import org.jspecify.annotations.NullMarked;
