package io.finback.meshrouter.http;

import io.finback.meshrouter.traffic.HostNames;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** The event loops of one process, shared by all its listeners, with what belongs to each: idle connections, resolved names. Thread-safe. */
public final class Loops {
    private final HostNames hostNames = new HostNames();
    private final EventLoopGroup group;
    private final IdentityHashMap<EventLoop, Loop> loops = new IdentityHashMap<>();

    private final Transport transport;

    private Loops(int threads, Transport transport) {
        this.transport = transport;
        group = transport.loops(threads);
        for (EventExecutor executor : group) {
            EventLoop eventLoop = (EventLoop) executor;
            loops.put(eventLoop, new Loop(eventLoop, hostNames, transport));
        }
    }

    /** {@code threads}: 1..1024. */
    public static Loops start(int threads, Transport transport) {
        return new Loops(threads, transport);
    }

    public Transport transport() {
        return transport;
    }

    public EventLoopGroup group() {
        return group;
    }

    /** Names of instances, resolved off the loops. */
    public HostNames hostNames() {
        return hostNames;
    }

    Collection<Loop> all() {
        return loops.values();
    }

    Loop of(EventLoop eventLoop) {
        Loop loop = loops.get(eventLoop);
        if (loop == null) {
            throw new IllegalStateException("a channel on a foreign event loop");
        }
        return loop;
    }

    /** Closes idle connections and ends the threads. Listeners must have been stopped before. */
    public CompletionStage<Void> stop() {
        CompletableFuture<Void> stopped = new CompletableFuture<>();
        List<CompletableFuture<Void>> closing = new ArrayList<>();
        for (Loop loop : loops.values()) {
            closing.add(CompletableFuture.runAsync(loop::closeIdle, loop.eventLoop()));
        }
        var closed = CompletableFuture.allOf(closing.toArray(new CompletableFuture<?>[0]))
                .whenComplete((done, failure) -> {
                    hostNames.close();
                    group.shutdownGracefully(0, 2, TimeUnit.SECONDS).addListener(ended -> stopped.complete(null));
                });
        Objects.requireNonNull(closed);
        return stopped;
    }
}
