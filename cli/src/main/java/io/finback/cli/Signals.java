package io.finback.cli;

import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Turns the first SIGINT or SIGTERM into a request to stop, and the second into an end at once with exit code 130. The JVM's own way,
 * shutdown hooks, knows neither a second signal nor an exit code of ours. Reached by reflection, because the compiler warns of
 * {@code sun.misc.Signal} without a way to say that it is meant; on a JVM without it a shutdown hook serves.
 */
final class Signals {
    private static final int INTERRUPTED = 130;

    private final CompletableFuture<Void> stop = new CompletableFuture<>();
    private final AtomicInteger count = new AtomicInteger();

    private Signals() {}

    static Signals install() {
        Signals signals = new Signals();
        try {
            signals.handle("INT");
            signals.handle("TERM");
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            Runtime.getRuntime().addShutdownHook(new Thread(signals::received, "finback-stop"));
        }
        return signals;
    }

    /** Completes at the first signal. */
    CompletionStage<Void> stopRequested() {
        return stop.minimalCompletionStage();
    }

    private void received() {
        if (count.incrementAndGet() > 1) {
            Runtime.getRuntime().halt(INTERRUPTED);
        }
        stop.complete(null);
    }

    private void handle(String name) throws ReflectiveOperationException {
        Class<?> signal = Class.forName("sun.misc.Signal");
        Class<?> handler = Class.forName("sun.misc.SignalHandler");
        Object ours =
                Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, (self, method, args) -> {
                    if (method.getName().equals("handle")) {
                        received();
                    }
                    return null;
                });
        var unused = signal.getMethod("handle", signal, handler)
                .invoke(null, signal.getConstructor(String.class).newInstance(name), ours);
    }
}
