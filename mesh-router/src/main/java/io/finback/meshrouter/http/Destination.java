package io.finback.meshrouter.http;

import java.util.List;

/** A bound name: where its requests may go at this moment. Thread-safe. */
public interface Destination {
    /** The bound id, such as {@code /#/io.finback/web}. */
    String id();

    /** Ready endpoints now; the same Endpoint object for as long as its address stays. */
    List<Endpoint> endpoints();

    Stats stats();
}
