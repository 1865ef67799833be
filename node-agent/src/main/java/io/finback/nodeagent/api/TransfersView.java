package io.finback.nodeagent.api;

import java.util.function.LongSupplier;

/**
 * What is brought to this machine for tasks, since this process started.
 *
 * @param fetched URIs
 * @param fetchFailures tasks whose URIs could not be had
 * @param cacheHits URIs that were there already
 * @param cacheBytes of the fetcher's cache in use
 * @param imagesPulled images found or pulled, and unpacked, for tasks of type MESOS
 * @param imageFailures images that could not be had
 */
public record TransfersView(
        LongSupplier fetched,
        LongSupplier fetchFailures,
        LongSupplier cacheHits,
        LongSupplier cacheBytes,
        LongSupplier imagesPulled,
        LongSupplier imageFailures) {
    /** Nothing is brought. */
    public static final TransfersView NONE = new TransfersView(() -> 0, () -> 0, () -> 0, () -> 0, () -> 0, () -> 0);
}
