package io.finback.nodeagent.probe;

import akka.actor.typed.ActorSystem;
import io.finback.nodeagent.check.Outcome;
import io.finback.nodeagent.executor.Inside;
import io.finback.tasks.Probe;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** Looks at tasks in every way there is, so many at a time. Thread-safe. */
public final class Prober implements AutoCloseable {
    /** A look without a limit: longer than any agent lives. */
    private static final Duration FOR_EVER = Duration.ofDays(3650);

    private final HttpLook http;
    private final CommandLook command;
    private final ExecutorService starting;
    private final Turnstile calls;
    private final Turnstile commands;

    /**
     * @param mostCalls HTTP and TCP looks at a time
     * @param mostCommands commands at a time
     */
    public Prober(ActorSystem<?> system, Inside inside, int mostCalls, int mostCommands) {
        this.http = new HttpLook(system);
        this.command = new CommandLook(inside);
        this.starting = Executors.newCachedThreadPool(Prober::startThread);
        this.calls = new Turnstile(mostCalls);
        this.commands = new Turnstile(mostCommands);
    }

    /**
     * One look; never fails. The timeout begins when its turn has come.
     *
     * @param leader a process of the task
     * @param timeout zero: none
     */
    public CompletionStage<Outcome> look(Optional<Long> leader, Probe probe, Duration timeout) {
        Duration limit = timeout.isZero() || timeout.compareTo(FOR_EVER) > 0 ? FOR_EVER : timeout;
        CompletionStage<Outcome> outcome;
        if (probe.command().isPresent()) {
            outcome = commands.pass(() -> CompletableFuture.supplyAsync(
                            () -> command.at(leader, probe.command().get(), limit), starting)
                    .thenCompose(Function.identity()));
        } else if (probe.http().isPresent()) {
            Probe.Http call = probe.http().get();
            outcome = calls.pass(() -> http.at(address(leader, call.ipv6()), call, limit));
        } else {
            Probe.Tcp call = probe.tcp().orElseThrow();
            outcome = calls.pass(
                    () -> TcpLook.at(new InetSocketAddress(address(leader, call.ipv6()), call.port()), limit));
        }
        return outcome.exceptionally(failure -> new Outcome.Broken(failure.toString()));
    }

    /** Looks that are under way come to their end, but those that wait for their turn may never. */
    @Override
    public void close() {
        starting.shutdown();
    }

    private static Thread startThread(Runnable work) {
        Thread thread = new Thread(work, "finback-check-start");
        thread.setDaemon(true);
        return thread;
    }

    /** As Mesos: tasks are asked where they run, and so must listen there; one with a network of its own, on its address. */
    private static String address(Optional<Long> leader, boolean ipv6) {
        String loopback = ipv6 ? "::1" : "127.0.0.1";
        return leader.map(pid -> Inside.address(pid, loopback)).orElse(loopback);
    }
}
