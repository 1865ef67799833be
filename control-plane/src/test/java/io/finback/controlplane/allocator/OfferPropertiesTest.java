package io.finback.controlplane.allocator;

import static org.assertj.core.api.Assertions.assertThat;

import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Random histories, crashes included, in which after every pass what was offered is held against every rule, and what was not offered too: if
 * anything is left that somebody could be offered, the pass has forgotten it. {@link NaivePool} knows the rules. A failure names its
 * seed; run again with {@code -Dfinback.seed=…}.
 */
class OfferPropertiesTest {
    private static final int HISTORIES = 150;
    private static final int STEPS = 60;

    @Test
    void everyRuleHoldsAfterEveryPassOfEveryHistory() {
        long first = Long.getLong("finback.seed", System.nanoTime());
        int offers = 0;
        for (long seed = first; seed < first + HISTORIES; seed++) {
            try {
                offers += history(seed);
            } catch (RuntimeException | AssertionError failure) {
                throw new AssertionError("-Dfinback.seed=" + seed + ": " + failure.getMessage(), failure);
            }
        }
        System.out.println("offer histories: seed " + first + ", " + offers + " offers");
        assertThat(offers).isGreaterThan(HISTORIES * 10);
    }

    private static int history(long seed) {
        RandomPool pool = new RandomPool(seed);
        int offers = 0;
        for (int step = 0; step < STEPS; step++) {
            pool.step();
            if (pool.random.nextInt(3) > 0) {
                offers += pass(pool);
            }
        }
        return offers;
    }

    private static int pass(RandomPool pool) {
        pool.book.expire(pool.now).forEach(offer -> assertThat(offer.expiresAt())
                .isBeforeOrEqualTo(pool.now));
        Map<String, Long> surplus = new HashMap<>();
        NaivePool before = new NaivePool(pool);
        before.guaranteedNames().forEach(name -> surplus.put(name, before.surplus(name)));
        Map<String, Map<String, Long>> consumed = new HashMap<>();
        List.of("eng", "ops").forEach(top -> consumed.put(top, before.consumed(top)));
        List<Offered> made = pool.book.pass(pool.state, pool.now);
        NaivePool after = new NaivePool(pool);
        after.checkTotals();
        made.forEach(offer -> check(pool, after, offer));
        surplus.forEach((name, amount) -> assertThat(after.surplus(name))
                .as("surplus of %s, before %s", name, amount)
                .isGreaterThanOrEqualTo(Math.min(0, amount)));
        for (Quota quota : pool.state.quotas()) {
            quota.limits().forEach((name, limit) -> assertThat(
                            after.consumed(quota.role()).getOrDefault(name, 0L))
                    .as("%s of %s", name, quota)
                    .isLessThanOrEqualTo(
                            Math.max(limit, consumed.get(quota.role()).getOrDefault(name, 0L))));
        }
        checkNothingForgotten(pool, after);
        return made.size();
    }

    private static void check(RandomPool pool, NaivePool naive, Offered offer) {
        ClientSpec spec = pool.clients.get(offer.framework());
        assertThat(spec).as("%s", offer).isNotNull();
        AllocatorState.Entry agent = pool.state.agent(offer.agent()).orElseThrow();
        assertThat(spec.roles()).as("%s", offer).contains(offer.role());
        assertThat(spec.suppressed()).as("%s", offer).doesNotContain(offer.role());
        assertThat(naive.isOpen(agent)).as("open: %s", offer).isTrue();
        assertThat(offer.resources().filter(kind -> !NaivePool.isVisible(kind, spec, offer.role())))
                .as("%s", offer)
                .isEqualTo(Resources.EMPTY);
        assertThat(NaivePool.canTake(spec, agent.spec()))
                .as("can take: %s", offer)
                .isTrue();
        assertThat(NaivePool.meetsMinimum(spec, offer.role(), offer.resources()))
                .as("minimum: %s", offer)
                .isTrue();
        assertThat(NaivePool.meetsConstraints(spec, offer.role(), agent.spec()))
                .as("constraints: %s", offer)
                .isTrue();
        assertThat(naive.isRefused(offer.framework(), offer.role(), offer.agent(), offer.resources()))
                .as("refused: %s", offer)
                .isFalse();
    }

    private static void checkNothingForgotten(RandomPool pool, NaivePool naive) {
        for (AllocatorState.Entry agent : pool.state.agents()) {
            for (Map.Entry<FrameworkId, ClientSpec> client : pool.clients.entrySet()) {
                for (String role : client.getValue().roles()) {
                    if (!client.getValue().suppressed().contains(role)) {
                        assertThat(naive.offerable(agent, client.getKey(), role))
                                .as("left of %s for %s in %s", agent.spec().id(), client.getKey(), role)
                                .isEqualTo(Resources.EMPTY);
                    }
                }
            }
        }
    }
}
