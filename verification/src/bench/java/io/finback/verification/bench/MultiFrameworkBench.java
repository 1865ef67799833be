package io.finback.verification.bench;

import io.finback.controlplane.allocator.AllocatorEvent;
import io.finback.controlplane.allocator.AllocatorState;
import io.finback.controlplane.allocator.ClientSpec;
import io.finback.controlplane.allocator.Holding;
import io.finback.controlplane.allocator.OfferBook;
import io.finback.controlplane.allocator.OfferConstraints;
import io.finback.controlplane.allocator.Offered;
import io.finback.controlplane.allocator.TaskKey;
import io.finback.resources.FrameworkId;
import io.finback.resources.Resources;
import io.finback.resources.TaskId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Mesos' MultiFrameworkAllocations: 80 agents, 4 frameworks like Marathon, 500 like Jenkins, 50 like Spark, which take what they are offered until
 * their 19,500 tasks run. Time and rounds until the last one does; the state is changed too, as by a journal.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = "-Xmx6g")
@Warmup(iterations = 3)
@Measurement(iterations = 5)
public class MultiFrameworkBench {
    private static final int MAX_ROUNDS = 10_000;

    private static final class Work {
        private final Resources task;
        private final int perOffer;
        private int left;

        Work(Resources task, int perOffer, int left) {
            this.task = task;
            this.perOffer = perOffer;
            this.left = left;
        }
    }

    @Benchmark
    public int launchAll() {
        AllocatorState state = Pools.empty(80, Resources.of(64, 488 * 1_024.0, 0));
        OfferBook book = Pools.book(80);
        Map<FrameworkId, Work> work = new HashMap<>();
        for (int i = 0; i < 554; i++) {
            work.put(
                    Pools.framework(i),
                    i < 4
                            ? new Work(Resources.of(0.07, 400, 0), 100, 4_000)
                            : i < 504
                                    ? new Work(Resources.of(0.1, 4_000, 0), 1, 5)
                                    : new Work(Resources.of(1, 1_000, 0), 5, 20));
        }
        Pools.join(book, 554, framework -> framework < 4 ? "marathon" : framework < 504 ? "jenkins" : "spark");
        int running = 0;
        int rounds = 0;
        while (running < 4 * 4_000 + 500 * 5 + 50 * 20) {
            rounds++;
            if (rounds > MAX_ROUNDS) {
                throw new IllegalStateException("tasks running after " + MAX_ROUNDS + " rounds: " + running);
            }
            List<Holding> claims = new ArrayList<>();
            for (Offered offer : book.pass(state, Pools.START)) {
                running += accept(book, offer, work, claims);
            }
            state = state.apply(AllocatorEvent.of(List.of(), claims));
        }
        System.out.println("rounds to launch all: " + rounds);
        return rounds;
    }

    private static int accept(OfferBook book, Offered offer, Map<FrameworkId, Work> work, List<Holding> claims) {
        Work mine = work.get(offer.framework());
        int taken = 0;
        Resources rest = offer.resources();
        while (mine.left > 0 && taken < mine.perOffer && rest.contains(mine.task)) {
            rest = rest.minus(mine.task);
            TaskKey key = new TaskKey(offer.framework(), TaskId.of("t" + mine.left));
            claims.add(new Holding(key, offer.agent(), mine.task, offer.role()));
            mine.left--;
            taken++;
        }
        for (Offered ended : book.remove(offer.framework(), List.of(offer.id()))) {
            book.touch(ended.agent(), ended.framework());
        }
        if (mine.left == 0) {
            Pools.none(book.join(
                    offer.framework(),
                    new ClientSpec(
                            Set.of(offer.role()),
                            Set.of(offer.role()),
                            Set.of(),
                            OfferConstraints.NONE,
                            Map.of())));
        }
        return taken;
    }
}
