package io.finback.controlplane.service;

import static org.assertj.core.api.Assertions.assertThat;

import akka.cluster.sharding.typed.HashCodeMessageExtractor;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DeploymentIdsTest {
    private static final int SHARDS = 50;

    private final AtomicLong now = new AtomicLong(-7);
    private final DeploymentIds ids = new DeploymentIds(SHARDS, now::get);
    private final HashCodeMessageExtractor<Object> sharding = new HashCodeMessageExtractor<>(SHARDS);

    private Set<String> shardsOf(int many) {
        Set<String> shards = new HashSet<>();
        for (int i = 0; i < many; i++) {
            String id = ids.next();
            assertThat(UUID.fromString(id)).hasToString(id);
            shards.add(sharding.shardId(id));
        }
        return shards;
    }

    @Test
    void newOnesGoWhereOthersHaveStartedLately() {
        assertThat(shardsOf(500)).as("anywhere, while nothing is known").hasSizeGreaterThan(SHARDS / 2);
        String one = UUID.randomUUID().toString();
        String other = differentFrom(one);
        ids.startedHere(one);
        ids.startedHere(other);
        // Hardly any finds no place within its tries.
        assertThat(shardsOf(100))
                .contains(sharding.shardId(one), sharding.shardId(other))
                .hasSizeLessThan(5);
        now.addAndGet(Duration.ofMinutes(9).toNanos());
        ids.startedHere(other);
        now.addAndGet(Duration.ofMinutes(2).toNanos());
        assertThat(shardsOf(100)).contains(sharding.shardId(other)).hasSizeLessThan(4);
        now.addAndGet(Duration.ofMinutes(11).toNanos());
        assertThat(shardsOf(500)).as("all of it is long ago").hasSizeGreaterThan(SHARDS / 2);
    }

    private String differentFrom(String id) {
        String other = id;
        while (sharding.shardId(other).equals(sharding.shardId(id))) {
            other = UUID.randomUUID().toString();
        }
        return other;
    }
}
