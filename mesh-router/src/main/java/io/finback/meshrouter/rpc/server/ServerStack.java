package io.finback.meshrouter.rpc.server;

import io.finback.meshrouter.rpc.Common;
import io.finback.meshrouter.rpc.Filter;
import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.PendingLimit;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.ServiceFactory;
import io.finback.meshrouter.rpc.Spans;
import io.finback.meshrouter.rpc.Stack;
import io.finback.meshrouter.rpc.Stack.Module;
import io.finback.meshrouter.rpc.Stack.Role;
import io.finback.meshrouter.rpc.StatsFilter;
import io.finback.meshrouter.rpc.TimeoutFilter;
import io.finback.meshrouter.rpc.Tracer;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The modules of a server, outermost first, each with the reason for its place, above the application. One for the server, but deadlines:
 * those are counted for each connection. Source: twitter/finagle {@code server/StackServer.scala}.
 */
public final class ServerStack {
    public static final Role STATS =
            new Role("StatsFilter", "outermost: it counts refusals too, and the time calls wait");
    public static final Role CONCURRENCY = new Role(
            "ConcurrentRequestFilter",
            "refuses before anything is spent on the call, and what waits counts as under way");
    public static final Role ADMISSION = new Role(
            "ServerAdmissionControl", "below the limit, so that a controller sees what the server really works on");
    public static final Role DEADLINES =
            new Role("DeadlineFilter", "below what makes calls wait: the deadline is judged when the work would begin");
    public static final Role TIMEOUT = new Role("TimeoutFilter", "bounds the application, not the wait for it");
    public static final Role SPANS =
            new Role("ServerTracingFilter", "innermost: the span is the application's own time");

    private ServerStack() {}

    /** All of them, above {@code application}. */
    public static <Q extends @Nullable Object, R extends @Nullable Object> Stack<Q, R> of(Service<Q, R> application) {
        List<Module<Q, R>> modules = List.of(
                Module.filter(STATS, params -> new StatsFilter<>(params.get(Common.STATS), Common.classifier(params))),
                optional(CONCURRENCY, params -> params.get(ServerParams.CONCURRENCY)
                        .map(limit -> limit.waiters() == 0
                                ? new PendingLimit<>(limit.max(), params.get(Common.STATS))
                                : new Concurrent<>(limit, params.get(Common.STATS)))),
                Module.of(ADMISSION, ServerStack::admission),
                Module.of(DEADLINES, ServerStack::deadlines),
                optional(TIMEOUT, params -> params.get(ServerParams.REQUEST_TIMEOUT)
                        .map(limit -> new TimeoutFilter<>("request", params.get(Common.LABEL), limit, false))),
                Module.filter(
                        SPANS,
                        params ->
                                new Spans<>(params.get(Common.TRACER), Tracer.Side.SERVER, params.get(Common.LABEL))));
        return Stack.of(modules, params -> ServiceFactory.of(application));
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> Module<Q, R> optional(
            Role role, Function<Params, Optional<Filter.Simple<Q, R>>> filter) {
        return Module.of(role, (params, next) -> filter.apply(params)
                .map(present -> present.andThen(next))
                .orElse(next));
    }

    @SuppressWarnings("unchecked") // whoever set them has to know the types
    private static <Q extends @Nullable Object, R extends @Nullable Object> ServiceFactory<Q, R> admission(
            Params params, ServiceFactory<Q, R> next) {
        ServiceFactory<Q, R> all = next;
        List<Filter.Simple<?, ?>> filters = params.get(ServerParams.ADMISSION);
        for (int i = filters.size() - 1; i >= 0; i--) {
            all = ((Filter.Simple<Q, R>) filters.get(i)).andThen(all);
        }
        return all;
    }

    private static <Q extends @Nullable Object, R extends @Nullable Object> ServiceFactory<Q, R> deadlines(
            Params params, ServiceFactory<Q, R> next) {
        ServerParams.Deadlines deadlines = params.get(ServerParams.DEADLINES);
        return deadlines == ServerParams.Deadlines.IGNORED
                ? next
                : new PerConnection<>(
                        next,
                        () -> new DeadlineFilter<>(
                                deadlines == ServerParams.Deadlines.ENFORCED, params.get(Common.STATS)));
    }
}
