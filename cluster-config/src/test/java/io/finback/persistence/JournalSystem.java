package io.finback.persistence;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.SpawnProtocol;
import akka.actor.typed.javadsl.AskPattern;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.runtime.ClusterSystem;
import io.finback.runtime.Role;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** A master's ActorSystem as {@link ClusterSystem} makes it, with counters in it instead of a master. */
final class JournalSystem implements AutoCloseable {
    static final Duration LIMIT = Duration.ofSeconds(30);

    final ActorSystem<SpawnProtocol.Command> system;

    private JournalSystem(ActorSystem<SpawnProtocol.Command> system) {
        this.system = system;
    }

    static JournalSystem start(Config settings) {
        return new JournalSystem(ClusterSystem.member(SpawnProtocol.create(), settings, Role.MASTER));
    }

    /** Settings of a lone master on free ports; {@code more} in HOCON wins. */
    static Config settings(Path dataDir, String more) {
        return ConfigFactory.parseString(more)
                .withFallback(ConfigFactory.parseString(
                        "finback { data-dir = \"" + dataDir + "\", cluster.port = " + freePort() + " }"))
                .withFallback(ConfigFactory.defaultReference().withOnlyPath("finback"))
                .resolve();
    }

    ActorRef<Counter.Command> counter(String type, String id, AtomicInteger applied) {
        return await(AskPattern.ask(
                system,
                (ActorRef<ActorRef<Counter.Command>> replyTo) -> new SpawnProtocol.Spawn<>(
                        Counter.create(type, id, applied), type + "-" + id, Props.empty(), replyTo),
                LIMIT,
                system.scheduler()));
    }

    ActorRef<Counter.Command> counter(String id) {
        return counter(Counter.TYPE, id, new AtomicInteger());
    }

    @CanIgnoreReturnValue
    long add(ActorRef<Counter.Command> counter, long amount) {
        return add(counter, amount, 1);
    }

    @CanIgnoreReturnValue
    long add(ActorRef<Counter.Command> counter, long amount, int times) {
        return ask(counter, replyTo -> new Counter.Add(amount, times, replyTo), LIMIT);
    }

    @CanIgnoreReturnValue
    long total(ActorRef<Counter.Command> counter) {
        return ask(counter, Counter.Get::new, LIMIT);
    }

    long ask(
            ActorRef<Counter.Command> counter,
            akka.japi.function.Function<ActorRef<Counter.Total>, Counter.Command> command,
            Duration limit) {
        return await(AskPattern.ask(counter, command, limit, system.scheduler()))
                .value();
    }

    @CanIgnoreReturnValue
    static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(LIMIT.toSeconds() * 2, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        system.terminate();
        await(system.getWhenTerminated());
    }
}
