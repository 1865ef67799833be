package io.finback.meshrouter.traffic;

import org.jspecify.annotations.Nullable;

/** A request as far as routing looks at it, whatever its protocol. What a protocol does not have is empty text. */
public interface RequestHead {
    /** HTTP's method, or Thrift's. */
    String method();

    /** HTTP's path and query. */
    String target();

    /** Changes {@link #target} on its way. */
    void retarget(String target);

    /** {@code 1.0}, {@code 1.1} or {@code 2.0} for HTTP. */
    String version();

    /** The first value of a header; null when there is none. */
    @Nullable
    String header(CharSequence name);

    /** The request's own dtab: what it has gathered on its way, and what it says itself. */
    String localDtab();

    /** A path that the protocol itself names as the destination, such as Mux does; it begins with a slash. */
    String destination();
}
