/**
 * The messages of Mesos' v1 APIs on the wire: JSON in Mesos' own mapping, protobuf, RecordIO, and the choice between them. Knows bytes
 * and messages, nothing of the cluster (docs/adr/0008).
 */
@NullMarked
@CheckReturnValue
package io.finback.mesos.v1;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
