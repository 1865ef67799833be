package io.finback.controlplane.service;

import akka.cluster.sharding.typed.HashCodeMessageExtractor;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/**
 * Names new deployments so that they live on the master that was asked for them, as far as it knows: on a shard of which a deployment has
 * started here lately. Such a one needs nobody to say where it is to live, so it goes on while the coordinator of sharding moves to another
 * master, and its messages need no network. A shard that has moved away since costs what any other would. Thread-safe.
 */
final class DeploymentIds {
    /** Half of the ids of a master with one shard of 50 are found in 35 tries, all but one of 25,000 in these. */
    private static final int TRIES = 500;
    /** How long after the last start a shard is taken to be here, nanoseconds: what moves away moves for good. */
    private static final long REMEMBERED = 600_000_000_000L;

    private final HashCodeMessageExtractor<Object> sharding;
    private final LongSupplier nanoTime;
    private final Map<String, Long> startedAt = new ConcurrentHashMap<>();

    /**
     * @param shards how many there are, {@code akka.cluster.sharding.number-of-shards}
     * @param nanoTime as {@link System#nanoTime()}
     */
    DeploymentIds(int shards, LongSupplier nanoTime) {
        this.sharding = new HashCodeMessageExtractor<>(shards);
        this.nanoTime = nanoTime;
    }

    /** This deployment has begun, or recovered, on this master. */
    void startedHere(String id) {
        startedAt.put(sharding.shardId(id), nanoTime.getAsLong());
    }

    String next() {
        List<String> here = here();
        String id = UUID.randomUUID().toString();
        if (here.isEmpty()) {
            return id;
        }
        String wanted = here.get(ThreadLocalRandom.current().nextInt(here.size()));
        for (int i = 1; i < TRIES && !sharding.shardId(id).equals(wanted); i++) {
            id = UUID.randomUUID().toString();
        }
        return id;
    }

    private List<String> here() {
        long now = nanoTime.getAsLong();
        startedAt.values().removeIf(at -> now - at > REMEMBERED);
        return List.copyOf(startedAt.keySet());
    }
}
