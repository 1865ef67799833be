package io.finback.persistence;

import akka.actor.AbstractExtensionId;
import akka.actor.ExtendedActorSystem;
import akka.actor.Extension;
import akka.actor.ExtensionIdProvider;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Adapter;
import com.typesafe.config.Config;
import io.finback.persistence.PersistenceGuard.Guarded;

/**
 * Holds a LevelDB master's directory for as long as its ActorSystem lives, and ends the system when another master appears beside it.
 * Akka loads it by name ({@code akka.library-extensions} in {@code persistence-leveldb.conf}) before any journal starts; its
 * {@link io.finback.runtime.StartFailure} comes out of {@code ActorSystem.create}.
 */
public final class PersistenceGuard extends AbstractExtensionId<Guarded> implements ExtensionIdProvider {

    /** Nothing to call. */
    public static final class Guarded implements Extension {
        private Guarded() {}
    }

    @Override
    public PersistenceGuard lookup() {
        return this;
    }

    @Override
    public Guarded createExtension(ExtendedActorSystem system) {
        Config config = system.settings().config();
        LevelDbUnit unit = LevelDbUnit.in(Persistence.dataDir(config));
        LevelDbUnit.Claim claim = unit.claim(config.getBoolean("akka.persistence.journal.leveldb.native"));
        system.getWhenTerminated().whenComplete((done, failure) -> claim.close());
        if (config.getString("akka.actor.provider").equals("cluster")) {
            Adapter.toTyped(system).systemActorOf(LoneMaster.create(), "finback-lone-master", Props.empty());
        }
        return new Guarded();
    }
}
