package io.finback.meshrouter.rpc;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The answer to come of one call, and the way back to who is working on it: {@link #interrupt} tells them that nobody waits any more.
 *
 * <p>How it works: a value is completed once, and callbacks run on the thread that completes it (or at once on the caller's when it is
 * complete already), in the order in which they were added. An interrupt flows from a derived reply to the one it was derived from, until
 * somebody handles it: a session that sends a discard, a service that stops. An interrupt completes nothing by itself.
 *
 * <p>Why it is not a {@code CompletableFuture}: that one has no interrupts that flow upstream, wraps every failure anew, and costs two
 * objects a step. It is a {@link CompletionStage} all the same; the stages of {@code map}, {@code flatMap}, {@code transform} and of the
 * methods without {@code Async} that take one stage carry interrupts, the others do not. Thread-safe.
 */
public final class Reply<T extends @Nullable Object> extends StageMethods<T> {
    /** Told once how a reply ended. */
    @FunctionalInterface
    public interface Callback<T extends @Nullable Object> {
        /** {@code failure} is null exactly when it went well. */
        void done(T value, @Nullable Throwable failure);
    }

    private record More(Callback<Object> first, Callback<Object> then) implements Callback<Object> {
        @Override
        public void done(Object value, @Nullable Throwable failure) {
            told(first, value, failure);
            told(then, value, failure);
        }
    }

    private record Failed(Throwable why) {}

    private record Boxed(@Nullable Object value) {}

    private record Raised(Throwable why) {}

    private static final Object NIL = new Object();
    private static final VarHandle STATE;
    private static final VarHandle INTERRUPTS;

    static {
        try {
            var lookup = MethodHandles.lookup();
            STATE = lookup.findVarHandle(Reply.class, "state", Object.class);
            INTERRUPTS = lookup.findVarHandle(Reply.class, "interrupts", Object.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Null, a Callback or a chain of More while it waits; afterwards the value, NIL for null, Boxed for odd ones, or Failed. */
    @SuppressWarnings("UnusedVariable") // through STATE
    private volatile @Nullable Object state;

    /** Null, a Consumer of Throwable, another Reply, or what was Raised. */
    @SuppressWarnings("UnusedVariable") // through INTERRUPTS
    private volatile @Nullable Object interrupts;

    public Reply() {}

    private Reply(Reply<?> upstream) {
        INTERRUPTS.set(this, upstream);
    }

    public static <T extends @Nullable Object> Reply<T> of(T value) {
        Reply<T> reply = new Reply<>();
        STATE.setRelease(reply, stored(value));
        return reply;
    }

    public static <T extends @Nullable Object> Reply<T> failed(Throwable why) {
        Reply<T> reply = new Reply<>();
        STATE.setRelease(reply, new Failed(why));
        return reply;
    }

    /** The same if it is one; else one that ends as {@code stage} does. An interrupt cancels {@code stage}. */
    public static <T extends @Nullable Object> Reply<T> from(CompletionStage<T> stage) {
        if (stage instanceof Reply<T> reply) {
            return reply;
        }
        Reply<T> reply = new Reply<>();
        reply.become(stage);
        return reply;
    }

    /** Ends when all of them have ended, well or not. */
    public static Reply<@Nullable Void> ended(List<? extends CompletionStage<?>> all) {
        Reply<@Nullable Void> reply = new Reply<>();
        AtomicInteger left = new AtomicInteger(all.size() + 1);
        Runnable one = () -> {
            if (left.decrementAndGet() == 0) {
                reply.complete(null);
            }
        };
        all.forEach(each -> Reply.from(each).onDone((value, failure) -> one.run()));
        one.run();
        return reply;
    }

    /** False when it was complete already. */
    @CanIgnoreReturnValue
    public boolean complete(T value) {
        return finish(stored(value));
    }

    /** False when it was complete already. */
    @CanIgnoreReturnValue
    public boolean fail(Throwable why) {
        return finish(new Failed(why));
    }

    /** Ends as {@code stage} does; interrupts go there from now on. */
    public void become(CompletionStage<T> stage) {
        if (stage instanceof Reply<T> reply) {
            passInterruptsTo(reply);
            reply.onDone((value, failure) -> {
                if (failure == null) {
                    complete(value);
                } else {
                    fail(failure);
                }
            });
            return;
        }
        CompletableFuture<T> future = stage.toCompletableFuture();
        onInterrupt(why -> {
            boolean unused = future.cancel(true);
        });
        var unused = future.whenComplete((value, failure) -> {
            if (failure == null) {
                complete(value);
            } else {
                fail(unwrapped(failure));
            }
        });
    }

    public boolean isDone() {
        return done(state);
    }

    /** Whether it ended well. */
    public boolean isSuccess() {
        Object now = state;
        return done(now) && !(now instanceof Failed);
    }

    /** Why it failed; null when it has not, or not yet. */
    public @Nullable Throwable failure() {
        return state instanceof Failed failed ? failed.why() : null;
    }

    /** The value of one that {@link #isSuccess}. */
    public T value() {
        Object now = state;
        if (!done(now) || now instanceof Failed) {
            throw new IllegalStateException("no value: " + this);
        }
        return loaded(now);
    }

    /** Calls {@code callback} once it is complete. What it throws is lost to the caller and ends nothing else. */
    @SuppressWarnings("unchecked")
    public void onDone(Callback<? super T> callback) {
        while (true) {
            Object now = state;
            if (now != null && done(now)) {
                tell(callback, now);
                return;
            }
            Object next = now == null ? callback : new More((Callback<Object>) now, (Callback<Object>) callback);
            if (STATE.compareAndSet(this, now, next)) {
                return;
            }
        }
    }

    /** Who is told of an interrupt, instead of whoever was before; at once if there was one already. Runs on the interrupter's thread. */
    public void onInterrupt(Consumer<? super Throwable> handler) {
        passInterruptsTo(handler);
    }

    private void passInterruptsTo(Object handler) {
        while (true) {
            Object before = interrupts;
            if (before instanceof Raised raised) {
                raise(handler, raised.why());
                return;
            }
            if (INTERRUPTS.compareAndSet(this, before, handler)) {
                return;
            }
        }
    }

    @SuppressWarnings("unchecked") // what interrupts holds
    private static void raise(Object handler, Throwable why) {
        if (handler instanceof Reply<?> upstream) {
            upstream.interrupt(why);
        } else {
            ((Consumer<Throwable>) handler).accept(why);
        }
    }

    /** Tells whoever works on it that nobody waits for it any more, and why. The first one counts; nothing once it is complete. */
    public void interrupt(Throwable why) {
        if (isDone()) {
            return;
        }
        Object before;
        do {
            before = interrupts;
            if (before instanceof Raised) {
                return;
            }
        } while (!INTERRUPTS.compareAndSet(this, before, new Raised(why)));
        if (before != null) {
            raise(before, why);
        }
    }

    /** What {@code f} makes of the value; a failure stays. What {@code f} throws is the failure then. */
    @SuppressWarnings("unchecked")
    public <U extends @Nullable Object> Reply<U> map(Function<? super T, ? extends U> f) {
        Object now = state;
        if (done(now)) {
            return now instanceof Failed ? (Reply<U>) this : attempt(() -> Reply.of(f.apply(value())));
        }
        Reply<U> next = new Reply<>(this);
        onDone((value, failure) -> {
            if (failure != null) {
                next.fail(failure);
                return;
            }
            U made;
            try {
                made = f.apply(value);
            } catch (Throwable e) {
                next.fail(e);
                return;
            }
            next.complete(made);
        });
        return next;
    }

    /** What {@code f} calls with the value; a failure stays. Interrupts go to where the work is. */
    @SuppressWarnings("unchecked")
    public <U extends @Nullable Object> Reply<U> flatMap(Function<? super T, ? extends CompletionStage<U>> f) {
        Object now = state;
        if (done(now)) {
            return now instanceof Failed ? (Reply<U>) this : attempt(() -> f.apply(loaded(now)));
        }
        Reply<U> next = new Reply<>(this);
        onDone((value, failure) -> {
            if (failure != null) {
                next.fail(failure);
            } else {
                next.become(attempt(() -> f.apply(value)));
            }
        });
        return next;
    }

    /** What {@code f} calls with the value, or with the failure. Interrupts go to where the work is. */
    public <U extends @Nullable Object> Reply<U> transform(
            BiFunction<? super T, ? super @Nullable Throwable, ? extends CompletionStage<U>> f) {
        Object now = state;
        if (done(now)) {
            return attempt(() -> f.apply(now instanceof Failed ? nothing() : loaded(now), failure()));
        }
        Reply<U> next = new Reply<>(this);
        onDone((value, failure) -> next.become(attempt(() -> f.apply(value, failure))));
        return next;
    }

    /** The same, behind {@code callback}. What that throws is lost. */
    public Reply<T> tapped(Callback<? super T> callback) {
        Object now = state;
        if (now != null && done(now)) {
            tell(callback, now);
            return this;
        }
        Reply<T> next = new Reply<>(this);
        onDone((value, failure) -> {
            try {
                callback.done(value, failure);
            } finally {
                if (failure == null) {
                    next.complete(value);
                } else {
                    next.fail(failure);
                }
            }
        });
        return next;
    }

    @Override
    Reply<T> self() {
        return this;
    }

    @Override
    public String toString() {
        Object now = state;
        return "Reply(" + (!done(now) ? "waiting" : now instanceof Failed failed ? "failed: " + failed.why() : "done")
                + ")";
    }

    /** What {@code work} begins; failed if it throws. */
    static <T extends @Nullable Object> Reply<T> attempt(Supplier<? extends CompletionStage<T>> work) {
        try {
            return from(work.get());
        } catch (Throwable e) {
            return failed(e);
        }
    }

    @SuppressWarnings("unchecked")
    private boolean finish(Object end) {
        while (true) {
            Object now = state;
            if (done(now)) {
                return false;
            }
            if (STATE.compareAndSet(this, now, end)) {
                if (now != null) {
                    tell((Callback<T>) now, end);
                }
                return true;
            }
        }
    }

    private void tell(Callback<? super T> callback, Object end) {
        if (end instanceof Failed failed) {
            told(callback, nothing(), failed.why());
        } else {
            told(callback, loaded(end), null);
        }
    }

    private static <V extends @Nullable Object> void told(Callback<V> callback, V value, @Nullable Throwable failure) {
        try {
            callback.done(value, failure);
        } catch (Throwable e) {
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
        }
    }

    private static boolean done(@Nullable Object state) {
        return state != null && !(state instanceof Callback);
    }

    private static Object stored(@Nullable Object value) {
        if (value == null) {
            return NIL;
        }
        return value instanceof Callback || value instanceof Failed || value instanceof Boxed
                ? new Boxed(value)
                : value;
    }

    @SuppressWarnings({"unchecked", "NullAway", "ReferenceEquality"}) // null is a value of T exactly when it was stored
    private T loaded(@Nullable Object end) {
        if (end == NIL) {
            return null;
        }
        return end instanceof Boxed boxed ? (T) boxed.value() : (T) end;
    }

    @SuppressWarnings({"unchecked", "NullAway", "TypeParameterUnusedInFormals"
    }) // beside a failure the value is nothing
    private static <V extends @Nullable Object> V nothing() {
        return null;
    }
}
