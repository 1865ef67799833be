/**
 * Two small frameworks that know Mesos' scheduler API from its wire alone, one in JSON, one in protobuf made by hand. Examples for people
 * who write one, and proof for us: none of it uses a class of Finback or of Mesos.
 */
@NullMarked
@CheckReturnValue
package io.finback.verification.frameworks;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
