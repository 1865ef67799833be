package io.finback.persistence;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.runtime.StartFailure;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The one way from {@code finback.persistence} to Akka's journal and snapshot plugins. {@link io.finback.runtime.ClusterSystem} calls
 * both methods for masters, {@link #layer} and then {@link #prepare}, and nobody else has to.
 */
public final class Persistence {
    private static final String SEEDS = "finback.cluster.seeds";
    private static final String DISCOVERY = "finback.cluster.discovery.method";

    private Persistence() {}

    /**
     * The Akka configuration of the chosen profile, to be put under the settings and above every {@code reference.conf}; not resolved,
     * because it appends to Akka's lists. Reads the password file and, for LevelDB, tries the native library. Throws
     * {@link StartFailure} for a value that cannot work: an unknown profile, LevelDB with other masters, an unreadable password file.
     */
    public static Config layer(Config settings) {
        Profile profile = Profile.of(settings);
        Map<String, Object> derived = new HashMap<>();
        switch (profile) {
            case LEVELDB -> {
                refuseOtherMasters(settings);
                LevelDbUnit unit = LevelDbUnit.in(dataDir(settings));
                derived.put(
                        "akka.persistence.journal.leveldb.dir", unit.journal().toString());
                derived.put(
                        "akka.persistence.snapshot-store.local.dir",
                        unit.snapshots().toString());
                derived.put("akka.persistence.journal.leveldb.native", LevelDbNative.works(unit.nativeLibraries()));
            }
            case POSTGRES -> derived.putAll(PostgresSettings.from(settings).akka());
        }
        return ConfigFactory.parseMap(derived)
                .withFallback(ConfigFactory.parseResources("persistence-" + profile.id() + ".conf"))
                .withFallback(ConfigFactory.parseResources("persistence-common.conf"));
    }

    /**
     * Makes the journal usable before a system starts on it: for PostgreSQL, waits for the database for at most
     * {@code finback.persistence.postgres.start-timeout} and creates missing tables; blocks. LevelDB needs nothing here, its directory is
     * claimed by {@link PersistenceGuard} when the system starts. Throws {@link StartFailure} when the database cannot be used.
     */
    public static void prepare(Config settings) {
        if (Profile.of(settings) == Profile.POSTGRES) {
            PostgresTables.create(PostgresSettings.from(settings));
        }
    }

    static Path dataDir(Config settings) {
        return Path.of(settings.getString("finback.data-dir")).toAbsolutePath().normalize();
    }

    private static void refuseOtherMasters(Config settings) {
        String discovery = settings.getString(DISCOVERY);
        if (!discovery.equals("none")) {
            throw new StartFailure(DISCOVERY + ": " + discovery + " (expected on a master with " + Profile.KEY
                    + "=leveldb: none; a LevelDB journal is on one machine's disk and cannot fail over, so set "
                    + Profile.KEY + "=postgres to run several masters)");
        }
        List<String> seeds = settings.getStringList(SEEDS);
        String self = settings.getString("finback.cluster.host") + ":" + settings.getInt("finback.cluster.port");
        if (seeds.size() > 1 || (seeds.size() == 1 && !seeds.contains(self))) {
            throw new StartFailure(SEEDS + ": " + seeds + " (expected on a master with " + Profile.KEY
                    + "=leveldb: none, or its own " + self
                    + "; a LevelDB journal is on one machine's disk and cannot fail over, so set " + Profile.KEY
                    + "=postgres to run several masters)");
        }
    }
}
