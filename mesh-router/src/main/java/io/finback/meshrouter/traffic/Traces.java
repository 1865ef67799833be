package io.finback.meshrouter.traffic;

import io.finback.tracing.Sampler;
import io.finback.tracing.SpanSink;
import io.finback.tracing.TraceHeaders;
import java.util.List;

/**
 * What a listener does about traces: which headers it makes, and who is told of spans. A value.
 *
 * @param router the router's label
 * @param all who is told; empty: no span is made, of requests that pass or otherwise
 * @param toggle off: as if there was nobody to tell
 */
public record Traces(Propagation propagation, String router, List<Reporter> all, TraceSwitch toggle) {
    /** Which headers every request gets, whatever it came with. */
    public enum Propagation {
        /** None but W3C's, while spans are made. */
        NONE,
        /** {@code l5d-ctx-trace} and {@code l5d-reqid}: {@code io.l5d.default}. */
        LINKERD,
        /** {@code X-B3-*}: {@code io.l5d.zipkin}. */
        ZIPKIN
    }

    /**
     * Somebody who is told of spans.
     *
     * @param decides whether its sampler decides for the whole trace, and so for what is called; else only for itself
     */
    public record Reporter(Sampler sampler, boolean decides, SpanSink sink) {}

    /** A request's headers; names are in small letters. */
    public interface Head extends TraceHeaders.Lookup, TraceHeaders.Writer {
        void remove(String name);
    }

    public static final Traces NONE = of(Propagation.NONE);

    public Traces {
        all = List.copyOf(all);
    }

    /** Without reporters. */
    public static Traces of(Propagation propagation) {
        return new Traces(propagation, "", List.of(), new TraceSwitch());
    }

    public Traces reporting(String label, List<Reporter> to, TraceSwitch toggledBy) {
        return new Traces(propagation, label, to, toggledBy);
    }

    /** Who is told now, beside those who look on. */
    public List<Reporter> reporters() {
        return toggle.isOn() ? all : List.of();
    }

    /** Whether no request has a {@link RequestTrace}. */
    public boolean isQuiet() {
        return propagation != Propagation.ZIPKIN && tellsNobody();
    }

    /** Whether Linkerd's headers are all there is to do: {@link TraceContext} does it without an object for the trace. */
    public boolean isHeadersOnly() {
        return propagation == Propagation.LINKERD && tellsNobody();
    }

    private boolean tellsNobody() {
        return reporters().isEmpty() && toggle.taps().isEmpty();
    }

    /** A request has come; not while {@link #isQuiet}. */
    public RequestTrace begin(Head head) {
        return RequestTrace.begin(this, head);
    }
}
