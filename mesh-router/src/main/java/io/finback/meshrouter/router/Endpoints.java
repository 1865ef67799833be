package io.finback.meshrouter.router;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import io.finback.wire.AppEndpoints;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Owns what this router knows of all apps, and publishes it as snapshots. One per router, in its own system, so it outlives every
 * membership; {@link EndpointsLink} tells it what a membership hears. A restart would forget: it has no input that makes it fail.
 */
public final class Endpoints extends AbstractBehavior<Endpoints.Command> {
    public sealed interface Command {}

    /** Membership {@code link} begins. */
    public record LinkStarted(int link) implements Command {}

    /** Whether a master is a reachable member in {@code link}. */
    public record LinkConnected(int link, boolean connected) implements Command {}

    /** The whole content of a bucket in the replica of {@code link}. */
    public record BucketHeard(int link, int bucket, Map<String, AppEndpoints> content) implements Command {
        public BucketHeard {
            content = Map.copyOf(content);
        }
    }

    private enum Tick implements Command {
        INSTANCE
    }

    private static final Duration TICK = Duration.ofMillis(500);

    private final EndpointsTable table = new EndpointsTable();
    private final Consumer<EndpointsSnapshot> publish;
    private final LongSupplier nanoTime;

    private Endpoints(ActorContext<Command> context, Consumer<EndpointsSnapshot> publish, LongSupplier nanoTime) {
        super(context);
        this.publish = publish;
        this.nanoTime = nanoTime;
    }

    /** {@code publish} is called with every change, on this actor's thread. */
    public static Behavior<Command> create(Consumer<EndpointsSnapshot> publish, LongSupplier nanoTime) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(Tick.INSTANCE, TICK);
            return new Endpoints(context, publish, nanoTime);
        }));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(LinkStarted.class, this::onLinkStarted)
                .onMessage(LinkConnected.class, this::onLinkConnected)
                .onMessage(BucketHeard.class, this::onBucketHeard)
                .onMessage(Tick.class, this::onTick)
                .build();
    }

    private Behavior<Command> onLinkStarted(LinkStarted message) {
        table.linkStarted(message.link(), nanoTime.getAsLong());
        return published();
    }

    private Behavior<Command> onLinkConnected(LinkConnected message) {
        table.linkConnected(message.link(), message.connected(), nanoTime.getAsLong());
        getContext().getLog().info("endpoints.link link={} connected={}", message.link(), message.connected());
        return published();
    }

    private Behavior<Command> onBucketHeard(BucketHeard message) {
        table.bucket(message.link(), message.bucket(), message.content(), nanoTime.getAsLong());
        getContext()
                .getLog()
                .debug(
                        "endpoints.heard bucket={} apps={}",
                        message.bucket(),
                        message.content().size());
        return published();
    }

    private Behavior<Command> onTick(Tick tick) {
        table.tick(nanoTime.getAsLong());
        return published();
    }

    private Behavior<Command> published() {
        publish.accept(table.snapshot());
        return this;
    }
}
