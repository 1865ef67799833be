package io.finback.verification.bench;

import io.finback.controlplane.allocator.AllocatorState;
import io.finback.controlplane.allocator.OfferBook;
import io.finback.controlplane.allocator.Offered;
import java.time.Duration;
import java.time.Instant;
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

/** Mesos' DeclineOffers: every offer is declined for ever, so that every round every agent goes to a framework that has not refused it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = "-Xmx6g")
@Warmup(iterations = 40)
@Measurement(iterations = 80)
public class DeclineOffersBench {
    private static final Duration EVER = Duration.ofDays(365);

    @Param({"1000", "10000", "20000"})
    public int agents;

    @Param({"200", "1000", "3000"})
    public int frameworks;

    private AllocatorState state = new AllocatorState();
    private OfferBook book = Pools.book(0);
    private List<Offered> made = List.of();
    private Instant now = Pools.START;

    @Setup(Level.Trial)
    public void pool() {
        state = Pools.used(agents, frameworks);
        book = Pools.book(agents);
        Pools.join(book, frameworks, framework -> "*");
        made = book.pass(state, now);
    }

    @Setup(Level.Invocation)
    public void decline() {
        now = now.plusMillis(100);
        Pools.decline(book, made, now.plus(EVER));
    }

    @Benchmark
    public List<Offered> round() {
        made = Pools.atLeast(agents, book.pass(state, now));
        return made;
    }
}
