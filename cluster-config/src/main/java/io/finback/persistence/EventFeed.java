package io.finback.persistence;

import akka.NotUsed;
import akka.actor.ExtendedActorSystem;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import akka.persistence.query.PersistenceQuery;
import akka.persistence.r2dbc.query.javadsl.R2dbcReadJournal;
import akka.stream.javadsl.Source;

/** What may be asked of the journal besides recovery, the same on every profile. Query plugins stay behind it. */
public interface EventFeed {

    /**
     * The id of every entity of {@code entityType} that has ever persisted an event, each once, in no given order; then completes. Ended
     * entities are among them: their events are never deleted. Fails when the journal cannot be read.
     */
    Source<String, NotUsed> entityIds(String entityType);

    /** The feed of the profile that {@code system} runs on. */
    static EventFeed of(ActorSystem<?> system) {
        return switch (Profile.of(system.settings().config())) {
            case LEVELDB -> new LevelDbFeed((ExtendedActorSystem) Adapter.toClassic(system));
            case POSTGRES ->
                new PostgresFeed(PersistenceQuery.get(system)
                        .getReadJournalFor(R2dbcReadJournal.class, R2dbcReadJournal.Identifier()));
        };
    }
}
