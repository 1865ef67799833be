package io.finback.verification.bench;

import io.finback.controlplane.allocator.AllocatorState;
import io.finback.controlplane.allocator.OfferBook;
import io.finback.controlplane.allocator.Offered;
import java.util.List;
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

/** The first pass after a failover: every agent is read from the state and offered, every framework in one role. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = "-Xmx6g")
@Warmup(iterations = 12)
@Measurement(iterations = 12)
public class FullPassBench {
    @Param({"1000", "5000", "10000", "20000", "50000"})
    public int agents;

    @Param({"1", "50", "200", "1000", "2000", "3000"})
    public int frameworks;

    private AllocatorState state = new AllocatorState();
    private OfferBook book = Pools.book(0);

    @Setup(Level.Trial)
    public void pool() {
        state = Pools.used(agents, frameworks);
    }

    @Setup(Level.Invocation)
    public void newBook() {
        book = Pools.book(agents);
        Pools.join(book, frameworks, framework -> "*");
    }

    @Benchmark
    public List<Offered> pass() {
        return Pools.atLeast(agents, book.pass(state, Pools.START));
    }
}
