/** For code that Thrift's own compiler generates: needs libthrift, which the rest does without. */
@NullMarked
@CheckReturnValue
package io.finback.meshrouter.rpc.thrift.generated;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
