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
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Stands before one event-sourced entity and is what the rest of the world knows as that entity. At most one batch is with the
 * entity; everything that arrives meanwhile becomes the next one, and so one event and one write (group commit).
 *
 * <p>It also keeps the entity's stash at a handful of commands, which matters for life: Akka 2.8.5 unstashes non-persisting commands
 * recursively, and some 490 of them behind one write overflow the stack and kill the JVM (akka/akka#29933).
 *
 * <p>Limit: {@link Settings#maxQueue}; what comes on top is dropped and counted. Every sender of ours repeats until answered. When
 * the entity restarts, the batch it had is dropped likewise ({@link Ready}); when it stops, so does this, and is restarted.
 */
public final class Ingress<M> extends AbstractBehavior<Object> {
    /** What the entity tells its ingress. */
    public sealed interface Signal {}

    /** The entity has recovered and takes batches; what it was given before is forgotten. */
    public enum Ready implements Signal {
        INSTANCE
    }

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

    private final ActorRef<Batch<M>> entity;
    private final Class<M> messageType;
    private final Settings settings;
    private final Deque<M> queue = new ArrayDeque<>();
    private long lastNumber;
    private boolean ready;
    private boolean busy;
    private long dropped;

    private Ingress(ActorContext<Object> context, Class<M> messageType, Settings settings, EntityFactory<M> factory) {
        super(context);
        this.messageType = messageType;
        this.settings = settings;
        this.entity = context.spawn(
                factory.create(context.getSelf().narrow(), context.getSelf().narrow()), "entity");
        context.watch(entity);
    }

    /** The behavior to give to cluster sharding. */
    public static <M> Behavior<M> create(Class<M> messageType, Settings settings, EntityFactory<M> factory) {
        Behavior<Object> ingress = Behaviors.setup(context -> new Ingress<M>(context, messageType, settings, factory));
        return Behaviors.supervise(ingress)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.1))
                .narrow();
    }

    @Override
    public Receive<Object> createReceive() {
        return newReceiveBuilder()
                .onMessage(Ready.class, ready -> onReady())
                .onMessage(Done.class, this::onDone)
                .onMessage(messageType, this::onOther)
                .onSignal(ChildFailed.class, failed -> {
                    throw new IllegalStateException("the entity failed", failed.getCause());
                })
                .onSignal(Terminated.class, ended -> {
                    throw new IllegalStateException("the entity stopped");
                })
                .build();
    }

    private Behavior<Object> onReady() {
        ready = true;
        busy = false;
        flush();
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
