package io.finback.wire;

/**
 * Marks what may cross a process boundary or enter a journal: bound to Jackson CBOR in {@code reference.conf}. Such types are
 * records or enums, use strings as map keys, and hold sealed types only in fields that carry explicit type names.
 */
public interface WireMessage {}
