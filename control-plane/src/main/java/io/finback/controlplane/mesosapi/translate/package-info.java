/**
 * Between Mesos' v1 messages and what masters alone decide with; what agents read too is in {@code io.finback.mesos.translate}. Pure:
 * values in, values out. What cannot be translated is an {@link java.lang.IllegalArgumentException} that names the field, its value and
 * what was expected.
 */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.mesosapi.translate;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
