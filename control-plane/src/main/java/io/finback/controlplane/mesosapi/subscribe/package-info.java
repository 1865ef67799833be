/**
 * Mesos' scheduler API over HTTP: calls in, a stream of events out. Decides nothing: it checks the envelope, translates, asks the
 * framework's entity, and says its answer in Mesos' status codes.
 */
@NullMarked
@CheckReturnValue
package io.finback.controlplane.mesosapi.subscribe;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
