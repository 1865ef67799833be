package io.finback.verification.bench;

import io.finback.controlplane.allocator.AllocatorState;
import io.finback.controlplane.allocator.OfferBook;
import io.finback.controlplane.allocator.Offered;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What a pass costs when one thing has happened in a large pool; half of the frameworks have refused every agent. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgs = "-Xmx6g")
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class OneChangeBench {
    @Param({"10000", "50000"})
    public int agents;

    private static final int FRAMEWORKS = 1_000;
    private static final int ROUNDS = 20;

    private AllocatorState state = new AllocatorState();
    private OfferBook book = Pools.book(0);
    private final List<Offered> standing = new ArrayList<>();
    private Instant now = Pools.START;
    private int next;

    @Setup(Level.Trial)
    public void pool() {
        state = Pools.used(agents, FRAMEWORKS);
        book = Pools.book(agents);
        Pools.join(book, FRAMEWORKS, framework -> "*");
        List<Offered> made = book.pass(state, now);
        for (int round = 0; round < ROUNDS; round++) {
            now = now.plusMillis(100);
            Pools.decline(book, made, now.plusSeconds(1_000_000));
            made = book.pass(state, now);
        }
        standing.addAll(made);
    }

    /** One offer comes back unused, and goes to the next. */
    @Benchmark
    public List<Offered> oneOfferReturns() {
        int index = next++ % standing.size();
        Offered offer = standing.get(index);
        Pools.decline(book, List.of(offer), now);
        List<Offered> made = Pools.atLeast(1, book.pass(state, now));
        standing.set(index, made.get(0));
        return made;
    }

    /** One framework forgets its filters and is asked about every agent, all of which are offered to others. */
    @Benchmark
    public List<Offered> oneFrameworkRevives() {
        book.revive(Pools.framework(next++ % FRAMEWORKS), Set.of());
        return book.pass(state, now);
    }
}
