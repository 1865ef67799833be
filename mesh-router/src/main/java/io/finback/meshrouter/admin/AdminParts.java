package io.finback.meshrouter.admin;

import io.finback.meshrouter.linkerd.Plan;
import io.finback.meshrouter.namers.NameSource;
import io.finback.meshrouter.namers.Streams;
import io.finback.meshrouter.router.EndpointsSnapshot;
import io.finback.meshrouter.router.RunningRouter;
import io.finback.meshrouter.traffic.TraceSwitch;
import io.finback.tracing.SpanQueue;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What the admin server shows and may do.
 *
 * @param watches what namers and interpreters follow far ends with
 * @param config the configuration as JSON values
 * @param recent the latest requests; empty when nobody keeps them
 * @param secured whether {@code finback.security} asks who wants to know
 * @param spans what has become of them
 * @param tracing whether anybody is told of spans
 * @param tap shows requests while they pass
 * @param shutdown ends this process as a signal would
 */
public record AdminParts(
        Plan plan,
        List<RunningRouter> routers,
        List<NameSource> namers,
        Streams watches,
        Supplier<EndpointsSnapshot> endpoints,
        Object config,
        Optional<RecentRequests> recent,
        boolean secured,
        Supplier<SpanQueue.Counts> spans,
        TraceSwitch tracing,
        Tap tap,
        LongSupplier nanoTime,
        Runnable shutdown) {
    public AdminParts {
        routers = List.copyOf(routers);
        namers = List.copyOf(namers);
    }
}
