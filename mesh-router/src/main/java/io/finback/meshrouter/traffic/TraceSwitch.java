package io.finback.meshrouter.traffic;

/** Whether anybody is told of spans: on, until somebody switches it off. It is forgotten when the process ends. Thread-safe. */
public final class TraceSwitch {
    private volatile boolean on = true;

    public boolean isOn() {
        return on;
    }

    public void set(boolean now) {
        on = now;
    }
}
