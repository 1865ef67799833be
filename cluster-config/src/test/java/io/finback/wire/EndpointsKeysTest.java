package io.finback.wire;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.Address;
import akka.cluster.UniqueAddress;
import akka.cluster.ddata.LWWMap;
import akka.cluster.ddata.SelfUniqueAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EndpointsKeysTest {
    @Test
    void everyAppHasOneOfTheBuckets() {
        for (int i = 0; i < 1_000; i++) {
            assertThat(EndpointsKeys.all()).contains(EndpointsKeys.of("/app" + i));
            assertThat(EndpointsKeys.of("/app" + i)).isEqualTo(EndpointsKeys.of("/app" + i));
        }
        assertThat(EndpointsKeys.all()).hasSize(EndpointsKeys.BUCKETS).doesNotHaveDuplicates();
    }

    /** Also where the late writer's clock is ahead. */
    @Test
    void theLargerRevisionWinsWhateverTheOrder() {
        AppEndpoints newer = new AppEndpoints("/web", 8, List.of());
        AppEndpoints older = new AppEndpoints("/web", 7, List.of());
        LWWMap<String, AppEndpoints> one =
                LWWMap.<String, AppEndpoints>create().put(node(1), "/web", newer, EndpointsKeys.clock());
        LWWMap<String, AppEndpoints> other =
                LWWMap.<String, AppEndpoints>create().put(node(2), "/web", older, EndpointsKeys.clock());
        assertThat(one.merge(other).getEntries()).isEqualTo(Map.of("/web", newer));
        assertThat(other.merge(one).getEntries()).isEqualTo(Map.of("/web", newer));
    }

    private static SelfUniqueAddress node(int number) {
        return new SelfUniqueAddress(
                new UniqueAddress(new Address("akka", "finback", "127.0.0.1", 2_000 + number), (long) number));
    }
}
