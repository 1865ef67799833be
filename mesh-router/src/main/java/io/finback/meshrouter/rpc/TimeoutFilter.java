package io.finback.meshrouter.rpc;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Ends calls that take too long with {@link Failure.TimedOut}, interrupts them, and writes the deadline into what travels with them: the
 * earlier of its own and the caller's. Source: twitter/finagle {@code service/TimeoutFilter.scala}.
 */
public final class TimeoutFilter<Q extends @Nullable Object, R extends @Nullable Object>
        implements Filter.Simple<Q, R> {
    private final String what;
    private final String label;
    private final Duration limit;
    private final boolean propagates;

    /**
     * @param what is limited, for the message
     * @param propagates whether the deadline is told to whoever is called
     */
    public TimeoutFilter(String what, String label, Duration limit, boolean propagates) {
        this.what = what;
        this.label = label;
        this.limit = limit;
        this.propagates = propagates;
    }

    @Override
    public CompletionStage<R> apply(Q request, Context context, Service<Q, R> service) {
        return limited(service.call(request, propagates ? told(context) : context), limit, what, label, 0);
    }

    private Context told(Context context) {
        Deadline own = Deadline.after(limit.toNanos(), Deadline.now());
        Deadline inherited = context.deadlineOrNull();
        return context.withDeadline(inherited == null ? own : inherited.combined(own));
    }

    /** {@code reply}, or the failure when that takes longer than {@code limit}; then it is interrupted. */
    public static <T extends @Nullable Object> Reply<T> limited(
            Reply<T> reply, Duration limit, String what, String label, long flags) {
        if (reply.isDone()) {
            return reply;
        }
        Reply<T> out = new Reply<>();
        out.onInterrupt(reply::interrupt);
        Timer.Task task = Timer.SHARED.after(limit.toNanos(), () -> {
            Failure late = new Failure.TimedOut(what, label, limit, flags);
            if (out.fail(late)) {
                reply.interrupt(late.flagged(Failure.INTERRUPTED));
            }
        });
        reply.onDone((value, failure) -> {
            task.cancel();
            if (failure == null) {
                out.complete(value);
            } else {
                out.fail(failure);
            }
        });
        return out;
    }
}
