package io.finback.persistence;

import akka.NotUsed;
import akka.actor.ActorRef;
import akka.actor.ExtendedActorSystem;
import akka.pattern.Patterns;
import akka.persistence.Persistence;
import akka.persistence.journal.leveldb.LeveldbJournal;
import akka.stream.javadsl.Source;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import scala.jdk.javaapi.CollectionConverters;

/**
 * LevelDB knows all ids at once and cannot filter; one master's journal is small enough to walk. Cost: O(all ids). The journal is asked
 * itself, as Akka's read journal does: that one insists on Akka's own class of journal, and ours is {@link ClosingLevelDbJournal}.
 */
@SuppressWarnings("deprecation") // deprecated for clusters; this is the profile of a lone master
record LevelDbFeed(ExtendedActorSystem system) implements EventFeed {
    private static final String PLUGIN = "akka.persistence.journal.leveldb";
    /** The journal answers between two writes. */
    private static final Duration ANSWER = Duration.ofSeconds(10);

    @Override
    public Source<String, NotUsed> entityIds(String entityType) {
        String prefix = EntityIds.prefix(entityType);
        return Source.lazyCompletionStage(this::all)
                .mapMaterializedValue(unused -> NotUsed.getInstance())
                .mapConcat(ids -> ids)
                .filter(id -> id.startsWith(prefix))
                .map(id -> id.substring(prefix.length()));
    }

    private CompletionStage<Set<String>> all() {
        ActorRef journal = Persistence.get(system).journalFor(PLUGIN, ConfigFactory.empty());
        return Patterns.ask(journal, LeveldbJournal.SubscribeAllPersistenceIds$.MODULE$, ANSWER)
                .thenApply(answer -> CollectionConverters.asJava(
                        ((LeveldbJournal.CurrentPersistenceIds) answer).allPersistenceIds()));
    }
}
