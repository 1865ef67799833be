package io.finback.wire;

import java.util.Optional;

/**
 * One namespace's delegation table, as every master knows it. Written by the namespace's entity alone.
 *
 * @param version grows with every change, removals included; the newest wins
 * @param dtab its text; empty: there is no such namespace
 */
public record DtabSnapshot(String namespace, long version, Optional<String> dtab) implements WireMessage {}
