package io.finback.cli;

import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Turns the first SIGINT or SIGTERM into a request to stop, and the second into an end at once with exit code 130. SIGHUP (the
 * terminal was closed) asks to stop, too, and never ends at once, so that closing the terminal of a cluster that is stopping leaves no
 * tasks behind; where it is ignored, as under {@code nohup}, the JVM keeps it ignored. The JVM's own way,
 * shutdown hooks, knows neither a second signal nor an exit code of ours. Reached by reflection, because the compiler warns of
 * {@code sun.misc.Signal} without a way to say that it is meant; on a JVM without it a shutdown hook serves.
 */
final class Signals {
    private static final int INTERRUPTED = 130;

    private final CompletableFuture<Void> stop = new CompletableFuture<>();
    private final AtomicInteger count = new AtomicInteger();
    private final Runnable atOnce;

    private Signals(Runnable atOnce) {
        this.atOnce = atOnce;
    }

    /** {@code atOnce} says to the person what an end at once means; it must not block. */
    static Signals install(Runnable atOnce) {
        Signals signals = new Signals(atOnce);
        try {
            signals.handle("INT", signals::received);
            signals.handle("TERM", signals::received);
            signals.handle("HUP", signals::hungUp);
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
            atOnce.run();
            Runtime.getRuntime().halt(INTERRUPTED);
        }
        stop.complete(null);
    }

    private void hungUp() {
        stop.complete(null);
    }

    private void handle(String name, Runnable then) throws ReflectiveOperationException {
        Class<?> signal = Class.forName("sun.misc.Signal");
        Class<?> handler = Class.forName("sun.misc.SignalHandler");
        Object ours =
                Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, (self, method, args) -> {
                    if (method.getName().equals("handle")) {
                        then.run();
                    }
                    return null;
                });
        var unused = signal.getMethod("handle", signal, handler)
                .invoke(null, signal.getConstructor(String.class).newInstance(name), ours);
    }
}
