package io.finback.controlplane.ingress;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.ChildFailed;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Stands before one event-sourced entity and is what the rest of the world knows as that entity. At most one batch is with the
 * entity; everything that arrives meanwhile becomes the next one, and so one event and one write (group commit).
 *
 * <p>It also keeps the entity's stash at a handful of commands, which matters for life: Akka 2.8.5 unstashes non-persisting commands
 * recursively, and some 490 of them behind one write overflow the stack and kill the JVM (akka/akka#29933).
 *
 * <p>Limit: {@link Settings#maxQueue}; what comes on top is dropped and counted. Every sender of ours repeats until answered. When the
 * entity ends, as it does after each failed write, a new one is started after a while, and the batch it had is dropped likewise. What
 * waits goes to the new one: when a database comes back everybody recovers at the same moment, and asks what others know.
 */
public final class Ingress<M> extends AbstractBehavior<Object> {
    /** What the entity tells its ingress. */
    public sealed interface Signal {}

    /** The entity has recovered and takes batches. {@code entity}: itself; one that has ended meanwhile is not meant. */
    public record Ready(ActorRef<?> entity) implements Signal {}

    /** The batch is persisted and answered. */
    public record Done(long number) implements Signal {}

    /** A message that makes an event larger than others do. */
    public interface Heavy {
        /** As how many messages this one counts in a batch; one alone may exceed the batch. */
        int weight();
    }

    /**
     * Its limits.
     *
     * @param maxBatch messages per event, {@link Heavy} ones counted several times: bounds the size of an event, well below Artery's
     *     frame and the journal's row
     * @param maxQueue messages waiting; some seconds of full load, a bounded amount of memory
     */
    public record Settings(int maxBatch, int maxQueue) {
        public Settings {
            if (maxBatch < 1 || maxQueue < maxBatch) {
                throw new IllegalArgumentException(
                        "ingress: batch " + maxBatch + ", queue " + maxQueue + " (expected: 1 <= batch <= queue)");
            }
        }
    }

    /** Makes the entity behind an ingress. */
    @FunctionalInterface
    public interface EntityFactory<M> {
        /**
         * Called once per start of the ingress.
         *
         * @param self what tells the entity's own ticks to itself, in line with everything else
         * @param ingress for {@link Ready} and {@link Done}
         */
        Behavior<Batch<M>> create(ActorRef<M> self, ActorRef<Signal> ingress);
    }

    private enum StartAgain {
        INSTANCE
    }

    private static final Duration MIN_BACKOFF = Duration.ofMillis(200);
    private static final Duration MAX_BACKOFF = Duration.ofSeconds(10);
    /** One that has worked for so long has not failed in a row. */
    private static final Duration SOUND = Duration.ofSeconds(5);
    /** Entities that failed together shall not come back together. */
    private static final double RANDOM_FACTOR = 0.1;

    private final TimerScheduler<Object> timers;
    private final Class<M> messageType;
    private final Settings settings;
    private final EntityFactory<M> factory;
    private final Deque<M> queue = new ArrayDeque<>();
    private ActorRef<Batch<M>> entity;
    private Duration backoff = MIN_BACKOFF;
    private long lastNumber;
    private boolean ready;
    private long readyAtNanos;
    private boolean busy;
    private long dropped;

    private Ingress(
            ActorContext<Object> context,
            TimerScheduler<Object> timers,
            Class<M> messageType,
            Settings settings,
            EntityFactory<M> factory) {
        super(context);
        this.timers = timers;
        this.messageType = messageType;
        this.settings = settings;
        this.factory = factory;
        this.entity = start();
    }

    /** The behavior to give to cluster sharding. */
    public static <M> Behavior<M> create(Class<M> messageType, Settings settings, EntityFactory<M> factory) {
        Behavior<Object> ingress = Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new Ingress<M>(context, timers, messageType, settings, factory)));
        return Behaviors.supervise(ingress)
                .onFailure(SupervisorStrategy.restartWithBackoff(MIN_BACKOFF, MAX_BACKOFF, RANDOM_FACTOR))
                .narrow();
    }

    @Override
    public Receive<Object> createReceive() {
        return newReceiveBuilder()
                .onMessage(Ready.class, this::onReady)
                .onMessage(Done.class, this::onDone)
                .onMessage(messageType, this::onOther)
                .onMessage(StartAgain.class, due -> onStartAgain())
                .onSignal(ChildFailed.class, failed -> onEnded(failed.getCause()))
                .onSignal(Terminated.class, ended -> onEnded(new IllegalStateException("it stopped")))
                .build();
    }

    private ActorRef<Batch<M>> start() {
        ActorRef<Object> self = getContext().getSelf();
        ActorRef<Batch<M>> started = getContext().spawn(factory.create(self.narrow(), self.narrow()), "entity");
        getContext().watch(started);
        return started;
    }

    private Behavior<Object> onEnded(Throwable cause) {
        if (ready && System.nanoTime() - readyAtNanos > SOUND.toNanos()) {
            backoff = MIN_BACKOFF;
        }
        Duration wait = backoff.plusNanos((long)
                (backoff.toNanos() * RANDOM_FACTOR * ThreadLocalRandom.current().nextDouble()));
        getContext().getLog().error("ingress.entity_ended startsAgainAfter={} waiting={}", wait, queue.size(), cause);
        ready = false;
        timers.startSingleTimer(StartAgain.INSTANCE, wait);
        Duration doubled = backoff.multipliedBy(2);
        backoff = doubled.compareTo(MAX_BACKOFF) < 0 ? doubled : MAX_BACKOFF;
        return this;
    }

    private Behavior<Object> onStartAgain() {
        entity = start();
        return this;
    }

    private Behavior<Object> onReady(Ready said) {
        if (said.entity().equals(entity)) {
            ready = true;
            readyAtNanos = System.nanoTime();
            busy = false;
            flush();
        }
        return this;
    }

    private Behavior<Object> onDone(Done done) {
        if (done.number() == lastNumber) {
            busy = false;
            flush();
        }
        return this;
    }

    private Behavior<Object> onOther(M message) {
        if (queue.size() >= settings.maxQueue()) {
            dropped++;
            if (Long.bitCount(dropped) == 1) {
                getContext().getLog().warn("ingress.full queue={} dropped={}", queue.size(), dropped);
            }
            return this;
        }
        queue.add(message);
        flush();
        return this;
    }

    private static int weightOf(Object message) {
        return message instanceof Heavy heavy ? Math.max(1, heavy.weight()) : 1;
    }

    private void flush() {
        if (!ready || busy || queue.isEmpty()) {
            return;
        }
        List<M> batch = new ArrayList<>(Math.min(queue.size(), settings.maxBatch()));
        long weight = 0;
        for (M next = queue.peek();
                next != null && (batch.isEmpty() || weight + weightOf(next) <= settings.maxBatch());
                next = queue.peek()) {
            weight += weightOf(next);
            batch.add(queue.remove());
        }
        busy = true;
        entity.tell(new Batch<>(++lastNumber, batch, getContext().getSelf().narrow()));
    }
}
