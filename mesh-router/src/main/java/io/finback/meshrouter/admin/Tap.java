package io.finback.meshrouter.admin;

import akka.NotUsed;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import akka.stream.BoundedSourceQueue;
import akka.stream.QueueOfferResult;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import io.finback.meshrouter.traffic.TraceSwitch;
import io.finback.meshrouter.traffic.Traces;
import io.finback.tracing.Sampler;
import io.finback.tracing.Span;
import io.finback.tracing.SpanSink;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Shows requests while they pass: a stream of JSON lines for each viewer, of what that one wants to see. While nobody looks it costs requests
 * nothing. Viewers slow nobody: what one does not read in time is dropped, and counted in its next line. Thread-safe.
 */
public final class Tap implements SpanSink {
    /** A line without anything: nobody in between takes the connection for dead, and who has gone is noticed by the second one. */
    private static final ByteString NOTHING_NEW = ByteString.fromString("\n");

    private static final Duration QUIET = Duration.ofSeconds(2);

    /**
     * What it may cost.
     *
     * @param viewers at a time, 1 to 100
     * @param queue lines that wait for one of them, 1 to 100,000
     * @param longest how long one may look
     */
    public record Limits(int viewers, int queue, Duration longest) {
        public Limits {
            if (viewers < 1 || viewers > 100) {
                throw new IllegalArgumentException("tap.viewers: " + viewers + " (expected: 1..100)");
            }
            if (queue < 1 || queue > 100_000) {
                throw new IllegalArgumentException("tap.queue: " + queue + " (expected: 1..100000)");
            }
            if (longest.compareTo(Duration.ofSeconds(1)) < 0) {
                throw new IllegalArgumentException("tap.longest: " + longest + " (expected: >= 1 s)");
            }
        }
    }

    private record Viewer(TapFilter filter, Sampler sampler, BoundedSourceQueue<Span> queue, AtomicLong dropped) {}

    private final Limits limits;
    private final TraceSwitch toggle;
    private final List<Traces.Reporter> reporter;
    private final Set<Viewer> viewers = new CopyOnWriteArraySet<>();
    private final LongAdder dropped = new LongAdder();

    /** {@code toggle}: of all listeners; told whether anybody looks. */
    public Tap(Limits limits, TraceSwitch toggle) {
        this.limits = limits;
        this.toggle = toggle;
        this.reporter = List.of(new Traces.Reporter(new Sampler(1), false, this));
    }

    int viewers() {
        return viewers.size();
    }

    /** Lines that nobody read in time, ever. */
    long dropped() {
        return dropped.sum();
    }

    @Override
    public void take(Span span) {
        for (Viewer viewer : viewers) {
            if (viewer.sampler().samples(span.ids().traceId())
                    && viewer.filter().wants(span)
                    && viewer.queue().offer(span) == QueueOfferResult.dropped()) {
                viewer.dropped().incrementAndGet();
                dropped.increment();
            }
        }
    }

    /** A stream, or 503 when enough look already. Throws IllegalArgumentException for a question that is none. */
    HttpResponse show(TapFilter filter) {
        if (filter.time().compareTo(limits.longest()) > 0) {
            throw new IllegalArgumentException("seconds: " + filter.time().toSeconds() + " (expected: 1 to "
                    + limits.longest().toSeconds() + ", finback.router.tap.longest)");
        }
        if (viewers.size() >= limits.viewers()) {
            return Answers.text(
                            503,
                            limits.viewers() + " look already (expected: at most as many, finback.router.tap.viewers);"
                                    + " try again\n")
                    .addHeader(RawHeader.create("Retry-After", "1"));
        }
        return HttpResponse.create()
                .withEntity(HttpEntities.createChunked(ContentTypes.parse("application/x-ndjson"), lines(filter)));
    }

    /** Whoever is gone before the stream begins takes no place. */
    private Source<ByteString, NotUsed> lines(TapFilter filter) {
        return Source.fromMaterializer((materializer, attributes) -> {
                    var opened = Source.<Span>queue(limits.queue()).preMaterialize(materializer);
                    AtomicLong missed = new AtomicLong();
                    Viewer viewer = new Viewer(filter, new Sampler(filter.rate()), opened.first(), missed);
                    add(viewer);
                    return opened.second()
                            .map(span -> TapLine.of(span, missed.getAndSet(0)))
                            .watchTermination((none, ended) -> {
                                var gone = ended.whenComplete((done, failure) -> remove(viewer));
                                return gone;
                            });
                })
                .takeWithin(filter.time())
                .keepAlive(QUIET, () -> NOTHING_NEW)
                .mapMaterializedValue(begun -> NotUsed.getInstance());
    }

    private synchronized void add(Viewer viewer) {
        if (viewers.size() >= limits.viewers()) {
            viewer.queue().complete();
            return;
        }
        viewers.add(viewer);
        toggle.tap(reporter);
    }

    private synchronized void remove(Viewer viewer) {
        viewers.remove(viewer);
        if (viewers.isEmpty()) {
            toggle.tap(List.of());
        }
    }
}
