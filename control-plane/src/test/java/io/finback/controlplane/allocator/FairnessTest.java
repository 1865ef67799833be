package io.finback.controlplane.allocator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Greedy frameworks with tasks that end at random: in the long run everybody has what his weight says, and never less than is guaranteed. */
class FairnessTest {
    private static final int AGENTS = 20;
    private static final Resources MACHINE = Resources.of(16, 16_384, 0);
    private static final Resources TASK = Resources.of(1, 1_024, 0);

    private AllocatorState state = new AllocatorState();
    private final OfferBook book = new OfferBook("f", new OfferPolicy(Duration.ofHours(1), 10, 32_000));
    private final Map<FrameworkId, Integer> most = new HashMap<>();
    private Random random = new Random(0);
    private int nextTask;

    /** Tasks end only while more than this many run. */
    private int keep = AGENTS * 8;

    @Test
    void sharesConvergeToWeights() {
        long first = Long.getLong("finback.seed", System.nanoTime());
        for (long seed = first; seed < first + 20; seed++) {
            FairnessTest run = new FairnessTest();
            run.random = new Random(seed);
            run.sharesFollow(seed);
        }
    }

    private void sharesFollow(long seed) {
        double a = 0.5 + random.nextInt(6) / 2.0;
        double b = 0.5 + random.nextInt(6) / 2.0;
        double x = 0.5 + random.nextInt(6) / 2.0;
        agents();
        state = state.apply(RandomPool.weights(Map.of("a", a, "b", b, "a/x", x)));
        join("f1", "a/x");
        join("f2", "a/y");
        join("f3", "b");
        join("f4", "b");
        run(400);
        double all = AGENTS * 16;
        String why = "-Dfinback.seed=" + seed + " weights a " + a + ", b " + b + ", a/x " + x;
        double shareOfA = a / (a + b);
        assertThat(held("f1") / all).as(why).isCloseTo(shareOfA * x / (x + 1), within(0.04));
        assertThat(held("f2") / all).as(why).isCloseTo(shareOfA / (x + 1), within(0.04));
        assertThat(held("f3") / all).as(why).isCloseTo((1 - shareOfA) / 2, within(0.04));
        assertThat(held("f4") / all).as(why).isCloseTo((1 - shareOfA) / 2, within(0.04));
    }

    @Test
    void aRolesOwnFrameworksCompeteWithItsChildrenAsOneOfThem() {
        agents();
        join("own1", "a");
        join("own2", "a");
        join("below", "a/x");
        run(400);
        double all = AGENTS * 16;
        assertThat(held("below") / all).isCloseTo(0.5, within(0.04));
        assertThat(held("own1") / all).isCloseTo(0.25, within(0.04));
    }

    @Test
    void theDominantResourceDecides() {
        agents();
        keep = 140;
        Resources cpuHeavy = Resources.of(2, 512, 0);
        Resources memHeavy = Resources.of(0.5, 2_048, 0);
        join("cpu", "a");
        join("mem", "b");
        for (int round = 0; round < 600; round++) {
            step(offer -> offer.framework().value().equals("cpu") ? cpuHeavy : memHeavy);
        }
        double cpuShare = heldMilli("cpu", Resources.CPUS) / (AGENTS * 16_000.0);
        double memShare = heldMilli("mem", Resources.MEM) / (AGENTS * 16_384_000.0);
        assertThat(cpuShare).isCloseTo(memShare, within(0.06));
        assertThat(cpuShare).isGreaterThan(0.4);
    }

    @Test
    void nobodyIsOfferedWhatIsGuaranteedToARoleThatIsNotThereYet() {
        agents();
        TreeMap<String, Long> half = new TreeMap<>(Map.of("cpus", 160_000L, "mem", 8L * 16_384_000));
        state = state.apply(RandomPool.quotas(new Quota("late", half, new TreeMap<>())));
        join("greedy", "a");
        run(50);
        assertThat(held("greedy")).isBetween(150.0, 160.0);
        join("guaranteed", "late");
        run(1);
        assertThat(held("guaranteed")).isGreaterThanOrEqualTo(10);
        run(100);
        assertThat(most.get(FrameworkId.of("guaranteed"))).isGreaterThanOrEqualTo(160);
        assertThat(most.get(FrameworkId.of("greedy"))).isLessThanOrEqualTo(160);
    }

    @Test
    void aNewcomerIsServedFirstButNotForAsLongAsTheOthersHaveBeenThere() {
        agents();
        join("old", "a");
        run(300);
        join("new", "b");
        run(100);
        assertThat(held("new") / (AGENTS * 16)).isCloseTo(0.5, within(0.05));
    }

    private interface Taker {
        Resources task(Offered offer);
    }

    private void run(int rounds) {
        for (int round = 0; round < rounds; round++) {
            step(offer -> TASK);
        }
    }

    /** Every offer is taken a task from, the rest comes back; then a few tasks end. */
    private void step(Taker taker) {
        for (int more = 0; more < 4; more++) {
            for (Offered offer : book.pass(state, Instant.EPOCH)) {
                Resources task = taker.task(offer);
                assertThat(book.remove(offer.framework(), List.of(offer.id()))).hasSize(1);
                if (offer.resources().contains(task)) {
                    TaskKey key = new TaskKey(offer.framework(), TaskId.of("t" + nextTask++));
                    state = state.apply(
                            AllocatorEvent.of(List.of(), List.of(new Holding(key, offer.agent(), task, offer.role()))));
                }
                most.merge(offer.framework(), (int) held(offer.framework().value()), Math::max);
            }
        }
        List<Holding> running = new ArrayList<>(state.holdings());
        for (int i = 0; i < 8 && running.size() > keep; i++) {
            Holding ended = running.remove(random.nextInt(running.size()));
            state = state.apply(AllocatorEvent.of(List.of(ended.key()), List.of()));
            book.touch(ended.agent());
        }
    }

    private void agents() {
        for (int i = 0; i < AGENTS; i++) {
            AgentId id = AgentId.of("a" + i);
            state = state.apply(RandomPool.agents(
                    AgentRecord.admitted(new AgentSpec(id, "host" + i, 5051, MACHINE, Map.of(), "1"), Instant.EPOCH)));
            assertThat(book.setOfferable(id, true)).isEmpty();
        }
    }

    private void join(String framework, String role) {
        assertThat(book.join(FrameworkId.of(framework), ClientSpec.of(role, false)))
                .isEmpty();
    }

    private double held(String framework) {
        return heldMilli(framework, Resources.CPUS) / 1_000.0;
    }

    private double heldMilli(String framework, String name) {
        return state.holdings().stream()
                .filter(holding -> holding.key().framework().value().equals(framework))
                .mapToLong(holding -> holding.resources().milli(name))
                .sum();
    }
}
