package io.finback.persistence;

import akka.NotUsed;
import akka.persistence.query.PersistenceQuery;
import akka.persistence.query.javadsl.CurrentPersistenceIdsQuery;
import akka.stream.javadsl.Source;

/** LevelDB knows all ids at once and cannot filter; one master's journal is small enough to walk. Cost: O(all ids). */
record LevelDbFeed(CurrentPersistenceIdsQuery journal) implements EventFeed {
    /** The plugin's id, not its class: Akka deprecates the class (it is for one node only), which is how it is used here. */
    private static final String PLUGIN = "akka.persistence.query.journal.leveldb";

    static LevelDbFeed of(PersistenceQuery query) {
        return new LevelDbFeed(query.getReadJournalFor(CurrentPersistenceIdsQuery.class, PLUGIN));
    }

    @Override
    public Source<String, NotUsed> entityIds(String entityType) {
        String prefix = EntityIds.prefix(entityType);
        return journal.currentPersistenceIds()
                .filter(id -> id.startsWith(prefix))
                .map(id -> id.substring(prefix.length()));
    }
}
