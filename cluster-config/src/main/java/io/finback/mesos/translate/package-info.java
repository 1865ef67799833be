/**
 * Between Mesos' v1 messages and what every node decides with: tasks, resources, statuses. Values in, values out. What cannot be
 * translated is an {@link java.lang.IllegalArgumentException} that names the field, its value and what was expected.
 */
@NullMarked
@CheckReturnValue
package io.finback.mesos.translate;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
