package io.finback.meshrouter.traffic;

import io.finback.meshrouter.traffic.Traces.Reporter;
import java.util.List;

/**
 * Whether anybody is told of spans: on, until somebody switches it off. It is forgotten when the process ends. And who looks on: told of every
 * request, whatever samplers say, switched off or not. Thread-safe.
 */
public final class TraceSwitch {
    private volatile boolean on = true;
    private volatile List<Reporter> taps = List.of();

    public boolean isOn() {
        return on;
    }

    public void set(boolean now) {
        on = now;
    }

    /** Who looks on now; empty: nobody. */
    public List<Reporter> taps() {
        return taps;
    }

    public void tap(List<Reporter> now) {
        taps = List.copyOf(now);
    }
}
