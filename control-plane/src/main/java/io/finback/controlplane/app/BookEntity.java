package io.finback.controlplane.app;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.Effect;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import akka.persistence.typed.javadsl.RetentionCriteria;
import io.finback.persistence.EntityDefaults;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * Owns a book of which there is one in the cluster: what is asked of it is decided in a pure room, journaled, and answered. What comes
 * while a write is under way shares the next one, so that a thousand apps that each want a line in it cost some tens of writes.
 */
final class BookEntity<C, E, B> extends EventSourcedBehavior<C, E, B> {
    /** What a command comes to: events, none if nothing changes, and what is said once they are journaled. */
    record Outcome<E, B>(List<E> events, Said<B> then) {
        Outcome {
            events = List.copyOf(events);
        }

        static <E, B> Outcome<E, B> unchanged(Said<B> then) {
            return new Outcome<>(List.of(), then);
        }

        static <E, B> Outcome<E, B> ignored() {
            return new Outcome<>(List.of(), (book, revision) -> {});
        }
    }

    /** Takes the book as it is now, and how many events have made it. */
    @FunctionalInterface
    interface Said<B> {
        void say(B book, long revision);
    }

    /**
     * What sets one book apart from another.
     *
     * @param due a command of its own that nobody else sends
     */
    record Rules<C, E, B>(
            EntityTypeKey<C> key, C due, B empty, BiFunction<B, E, B> apply, BiFunction<B, C, Outcome<E, B>> decide) {}

    private final ActorContext<C> context;
    private final Rules<C, E, B> rules;
    private final List<C> asked = new ArrayList<>();

    static <C, E, B> Behavior<C> create(String entityId, Rules<C, E, B> rules) {
        return EntityDefaults.supervised(Behaviors.setup(
                context -> new BookEntity<>(PersistenceId.of(rules.key().name(), entityId), context, rules)));
    }

    private BookEntity(PersistenceId id, ActorContext<C> context, Rules<C, E, B> rules) {
        super(id, EntityDefaults.onPersistFailure());
        this.context = context;
        this.rules = rules;
    }

    @Override
    public Optional<Integer> stashCapacity() {
        return Optional.of(EntityDefaults.STASH);
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return EntityDefaults.retention();
    }

    @Override
    public B emptyState() {
        return rules.empty();
    }

    @Override
    public CommandHandler<C, E, B> commandHandler() {
        return newCommandHandlerBuilder().forAnyState().onAnyCommand(this::onCommand);
    }

    private Effect<E, B> onCommand(B book, C command) {
        if (command != rules.due()) {
            if (asked.isEmpty()) {
                context.getSelf().tell(rules.due());
            }
            asked.add(command);
            return Effect().none();
        }
        List<E> events = new ArrayList<>();
        List<Said<B>> said = new ArrayList<>();
        B after = book;
        for (C one : asked) {
            Outcome<E, B> outcome = rules.decide().apply(after, one);
            for (E event : outcome.events()) {
                after = rules.apply().apply(after, event);
            }
            events.addAll(outcome.events());
            said.add(outcome.then());
        }
        asked.clear();
        return (events.isEmpty() ? Effect().none() : Effect().persist(events))
                .thenRun((B journaled) -> said.forEach(one -> one.say(journaled, lastSequenceNumber(context))));
    }

    @Override
    public EventHandler<B, E> eventHandler() {
        return (book, event) -> rules.apply().apply(book, event);
    }
}
