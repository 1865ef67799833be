package io.finback.meshrouter.traffic;

import io.finback.meshrouter.resilience.FailureAccrual;
import io.finback.meshrouter.traffic.Traces.Propagation;
import io.finback.meshrouter.traffic.Traces.Reporter;
import io.finback.tracing.Sampler;
import io.finback.tracing.Span;
import io.finback.tracing.SpanIds;
import io.finback.tracing.TraceHeaders;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The trace of one request on its way through a listener: a span of the listener, and one of each attempt, as Linkerd has them. Not
 * thread-safe: belongs to the request's event loop. Source of names: linkerd/linkerd router/http TracingFilter, DstTracing.
 */
public final class RequestTrace {
    private static final String CTX_TRACE = LinkerdHeaders.CTX_TRACE.toString();
    private static final String REQUEST_ID = LinkerdHeaders.REQUEST_ID.toString();
    private static final String SAMPLE = LinkerdHeaders.SAMPLE.toString();

    /** So long may a value be that a client chooses. */
    private static final int MAX_TEXT = 1024;

    private final Traces traces;
    private final SpanIds ids;
    private final List<Reporter> told;
    private final boolean hadLinkerd;
    private final boolean hadW3c;
    private final boolean hadB3;
    private final boolean hadB3Several;
    private final long beganNanos = System.nanoTime();
    private final long beganEpochNanos;

    private RequestTrace(Traces traces, SpanIds ids, Traces.Head head) {
        this.traces = traces;
        this.ids = ids;
        this.hadLinkerd = head.get(CTX_TRACE) != null;
        this.hadW3c = head.get(TraceHeaders.TRACEPARENT) != null;
        this.hadB3 = head.get(TraceHeaders.B3) != null;
        this.hadB3Several = head.get(TraceHeaders.B3_TRACE) != null;
        this.told = told(traces, ids);
        this.beganEpochNanos = told.isEmpty() ? 0 : epochNanos();
    }

    private static long epochNanos() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    static RequestTrace begin(Traces traces, Traces.Head head) {
        SpanIds parent = parent(traces.propagation(), head);
        ThreadLocalRandom random = ThreadLocalRandom.current();
        SpanIds ids = parent != null
                ? parent.child(random)
                : (traces.propagation() == Propagation.NONE ? SpanIds.root(random) : SpanIds.shortRoot(random))
                        .with(TraceHeaders.decision(head));
        return new RequestTrace(traces, decided(traces, ids, head.get(SAMPLE)), head);
    }

    private static @Nullable SpanIds parent(Propagation propagation, Traces.Head head) {
        SpanIds linkerd = TraceContext.read(head.get(CTX_TRACE));
        if (propagation == Propagation.LINKERD && linkerd != null) {
            return linkerd;
        }
        SpanIds b3 = propagation == Propagation.ZIPKIN ? TraceHeaders.b3(head) : null;
        return b3 != null ? b3 : TraceHeaders.read(head).orElse(linkerd);
    }

    private static SpanIds decided(Traces traces, SpanIds ids, @Nullable String sample) {
        if (ids.isDecided()) {
            return ids;
        }
        Sampler said = TraceContext.sampler(sample);
        if (said != null) {
            return said.decide(ids);
        }
        boolean decides = false;
        for (Reporter reporter : traces.reporters()) {
            decides |= reporter.decides();
            if (reporter.decides() && reporter.sampler().samples(ids.traceId())) {
                return ids.with(SpanIds.Sampling.YES);
            }
        }
        return decides ? ids.with(SpanIds.Sampling.NO) : ids;
    }

    private static List<Reporter> told(Traces traces, SpanIds ids) {
        List<Reporter> taps = traces.toggle().taps();
        if (ids.isDecided() && taps.isEmpty()) {
            return ids.isSampled() ? traces.reporters() : List.of();
        }
        List<Reporter> told = new ArrayList<>(taps);
        if (ids.isDecided()) {
            told.addAll(ids.isSampled() ? traces.reporters() : List.of());
            return told;
        }
        for (Reporter reporter : traces.reporters()) {
            if (reporter.sampler().samples(ids.traceId())) {
                told.add(reporter);
            }
        }
        return told;
    }

    /** Whether anybody is told of its spans; if not, attempts carry {@link #ids} themselves. */
    public boolean isTold() {
        return !told.isEmpty();
    }

    /** The listener's span. */
    public SpanIds ids() {
        return ids;
    }

    /** Says in {@code head} that it is sent by the span {@code sender}, in every form it came in and those this listener always makes. */
    public void write(Traces.Head head, SpanIds sender) {
        Propagation propagation = traces.propagation();
        if (propagation == Propagation.LINKERD || hadLinkerd) {
            head.set(CTX_TRACE, TraceContext.write(sender));
            head.set(REQUEST_ID, SpanIds.hex(sender.traceId()));
            head.remove(SAMPLE);
        }
        if (propagation == Propagation.ZIPKIN || hadB3Several) {
            head.remove(TraceHeaders.B3_PARENT);
            TraceHeaders.b3(sender, head);
        }
        if (hadB3) {
            head.set(TraceHeaders.B3, TraceHeaders.b3(sender));
        }
        if (hadW3c || (sender.isDecided() && !traces.reporters().isEmpty())) {
            head.set(TraceHeaders.TRACEPARENT, TraceHeaders.traceparent(sender));
        }
    }

    /** An attempt begins; null when nobody is told. */
    public @Nullable Attempt attempt() {
        return told.isEmpty() ? null : new Attempt(ids.child(ThreadLocalRandom.current()), System.nanoTime());
    }

    /** One attempt of a request that may have no trace. */
    public static @Nullable Attempt attemptOf(@Nullable RequestTrace of) {
        return of == null ? null : of.attempt();
    }

    /** One attempt: Finagle's {@code cs} to {@code cr}. */
    public final class Attempt {
        private final SpanIds sender;
        private final long from;

        private Attempt(SpanIds sender, long from) {
            this.sender = sender;
            this.from = from;
        }

        public SpanIds ids() {
            return sender;
        }

        /**
         * It is over.
         *
         * @param status HTTP's; 0: there was no answer, negative: of a protocol that has none
         * @param error empty when it went well
         */
        public void end(String name, Routing.To to, String peer, int status, String error) {
            Map<String, String> tags = tags(to);
            status(tags, status);
            tell(sender, Span.Kind.CLIENT, name, from, peer, error, tags);
        }
    }

    /**
     * The listener has answered: {@code sr} to {@code ss}.
     *
     * @param request what the client asked for
     * @param to null: routing has found nothing
     * @param attempts how many there were
     */
    public void end(Request request, Routing.@Nullable To to, String peer, int status, int attempts, String error) {
        if (told.isEmpty()) {
            return;
        }
        Map<String, String> tags = to == null ? new HashMap<>() : tags(to);
        if (!request.target().isEmpty()) {
            String path = path(request.target());
            tags.put("http.method", request.method());
            tags.put("http.path", path);
            tags.put("http.uri", path);
            tags.put("http.req.method", request.method());
            tags.put("http.req.host", cut(request.host()));
            tags.put("http.req.version", request.version());
        }
        status(tags, status);
        if (attempts > 1) {
            tags.put("retries", Integer.toString(attempts - 1));
        }
        tell(ids, Span.Kind.SERVER, request.name(), beganNanos, peer, error, tags);
    }

    /** What the client asked for. {@code target} is empty where there is none; {@code name} is the span's. */
    public record Request(String name, String method, String target, String host, String version) {}

    private Map<String, String> tags(Routing.To to) {
        Map<String, String> tags = new HashMap<>();
        tags.put("router.label", traces.router());
        tags.put("service", cut(to.name()));
        tags.put("client", cut(to.destination().id()));
        tags.put("residual", cut(to.residual()));
        if (!to.localDtab().isEmpty()) {
            tags.put("dtab.local", cut(to.localDtab()));
        }
        return tags;
    }

    private static void status(Map<String, String> tags, int status) {
        if (status > 0) {
            String text = Integer.toString(status);
            tags.put("http.status_code", text);
            tags.put("http.rsp.status", text);
        }
    }

    /** What an attempt's error is called; {@code answered} is the status of what it brought, 0: nothing. */
    public static String error(FailureAccrual.Outcome outcome, int answered) {
        return switch (outcome) {
            case SUCCESS -> "";
            case IGNORED -> "given up: nobody waits any more";
            case FAILURE -> answered > 0 ? Integer.toString(answered) : answered == 0 ? "no answer" : "failed";
        };
    }

    /** {@code host:port} of the other side; empty when it is not known. */
    public static String peer(InetSocketAddress address) {
        return address.getAddress() == null ? "" : NetUtil.toSocketAddressString(address);
    }

    /** Queries may hold what is nobody's business. */
    private static String path(String target) {
        int query = target.indexOf('?');
        return cut(query < 0 ? target : target.substring(0, query));
    }

    private static String cut(String text) {
        return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT);
    }

    private void tell(
            SpanIds of, Span.Kind kind, String name, long from, String peer, String error, Map<String, String> tags) {
        Span span = new Span(
                of,
                kind,
                name.isEmpty() ? "unknown" : name,
                beganEpochNanos + (from - beganNanos),
                System.nanoTime() - from,
                peer,
                error,
                tags);
        for (Reporter reporter : told) {
            reporter.sink().take(span);
        }
    }
}
