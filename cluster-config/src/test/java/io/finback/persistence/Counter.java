package io.finback.persistence;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import akka.persistence.typed.javadsl.RetentionCriteria;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.finback.wire.WireMessage;
import java.util.Collections;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** The journal suite's entity: adds numbers, on the defaults every entity of Finback has. */
final class Counter extends EventSourcedBehaviorWithEnforcedReplies<Counter.Command, Counter.Event, Counter.Total> {
    static final String TYPE = "Counter";

    sealed interface Command extends WireMessage {}

    /** Persists {@code times} events of {@code amount} as one write. */
    record Add(long amount, int times, ActorRef<Total> replyTo) implements Command {}

    record Get(ActorRef<Total> replyTo) implements Command {}

    /** Persists, says so on standard output, and never comes to the reply. */
    record AddAndHang(long amount, ActorRef<Total> replyTo) implements Command {}

    /** Persists an event whose serialization lasts until {@link #gate} opens. */
    record AddSlowly(ActorRef<Total> replyTo) implements Command {}

    interface Event extends WireMessage {
        long worth();
    }

    record Added(long amount) implements Event {
        @Override
        public long worth() {
            return amount;
        }
    }

    record SlowlyAdded(String ignored) implements Event {
        @JsonProperty("ignored")
        @Override
        public String ignored() {
            await(gate);
            return ignored;
        }

        @Override
        public long worth() {
            return 1;
        }
    }

    record Total(long value) implements WireMessage {}

    static final CountDownLatch gate = new CountDownLatch(1);

    private final AtomicInteger applied;

    private Counter(PersistenceId id, AtomicInteger applied) {
        super(id, EntityDefaults.onPersistFailure());
        this.applied = applied;
    }

    /** {@code applied} counts calls of the event handler, replay included. */
    static Behavior<Command> create(String type, String id, AtomicInteger applied) {
        return EntityDefaults.supervised(new Counter(PersistenceId.of(type, id), applied));
    }

    static Behavior<Command> create(String id) {
        return create(TYPE, id, new AtomicInteger());
    }

    @Override
    public Total emptyState() {
        return new Total(0);
    }

    @Override
    public CommandHandlerWithReply<Command, Event, Total> commandHandler() {
        return newCommandHandlerWithReplyBuilder()
                .forAnyState()
                .onCommand(Add.class, add -> Effect()
                        .persist(Collections.<Event>nCopies(add.times(), new Added(add.amount())))
                        .thenReply(add.replyTo(), total -> total))
                .onCommand(Get.class, (total, get) -> Effect().reply(get.replyTo(), total))
                .onCommand(AddAndHang.class, add -> Effect()
                        .persist(new Added(add.amount()))
                        .thenRun(total -> {
                            System.out.println("persisted " + total.value());
                            await(new CountDownLatch(1));
                        })
                        .thenReply(add.replyTo(), total -> total))
                .onCommand(
                        AddSlowly.class,
                        add -> Effect().persist(new SlowlyAdded("")).thenReply(add.replyTo(), total -> total))
                .build();
    }

    @Override
    public EventHandler<Total, Event> eventHandler() {
        return (total, event) -> {
            applied.incrementAndGet();
            return new Total(total.value() + event.worth());
        };
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return EntityDefaults.retention();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
