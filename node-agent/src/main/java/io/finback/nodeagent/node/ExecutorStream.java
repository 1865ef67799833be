package io.finback.nodeagent.node;

/** The way to a subscribed executor. Thread-safe, and never waits: whoever reads too slowly is cut off, and subscribes again. */
public interface ExecutorStream {
    void send(ExecutorEvent event);

    /** Nothing more will be sent. */
    void close();
}
