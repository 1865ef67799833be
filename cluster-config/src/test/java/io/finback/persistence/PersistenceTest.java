package io.finback.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PersistenceTest {
    @TempDir
    Path directory;

    @Test
    void aWrongProfileIsNamedWithItsKeyAndWhatWasExpected() {
        assertThatThrownBy(() -> layer("finback.persistence.profile = mysql"))
                .isInstanceOf(StartFailure.class)
                .hasMessage("finback.persistence.profile: 'mysql' (expected: leveldb or postgres)");
    }

    @Test
    void levelDbWithOtherMastersIsRefusedWithTheReason() {
        assertThatThrownBy(() -> layer("finback.cluster { port = 25520, seeds = [\"127.0.0.1:25520\", \"b:25520\"] }"))
                .isInstanceOf(StartFailure.class)
                .hasMessageStartingWith("finback.cluster.seeds: [127.0.0.1:25520, b:25520]")
                .hasMessageContaining("cannot fail over")
                .hasMessageContaining("finback.persistence.profile=postgres");
        assertThatThrownBy(() -> layer("finback.cluster { port = 25520, seeds = [\"b:25520\"] }"))
                .isInstanceOf(StartFailure.class);
    }

    @Test
    void levelDbStandsInTheDataDirectoryAndIsNeverOnAStashThatCanOverflow() {
        Config layer = layer("finback.cluster { port = 25520, seeds = [\"127.0.0.1:25520\"] }");
        assertThat(layer.getString("akka.persistence.journal.leveldb.dir"))
                .isEqualTo(directory.resolve("journal").toString());
        assertThat(layer.getString("akka.persistence.snapshot-store.local.dir"))
                .isEqualTo(directory.resolve("snapshots").toString());
        assertThat(layer.getBoolean("akka.persistence.journal.leveldb.fsync")).isTrue();
        assertThat(layer.getInt("akka.persistence.typed.stash-capacity")).isEqualTo(256);
        assertThat(layer.getDuration("akka.persistence.journal-plugin-fallback.circuit-breaker.reset-timeout"))
                .as("how long nothing is written after the database was away")
                .isEqualTo(Duration.ofSeconds(2));
        assertThat(layer.getStringList("akka.library-extensions")).contains(PersistenceGuard.class.getName());
    }

    @Test
    void postgresTakesSeveralSeedsAndThePasswordOfItsFile() throws IOException {
        Path file = Files.writeString(directory.resolve("password"), "a b\n");
        Config layer = layer("finback.cluster.seeds = [\"a:1\", \"b:2\", \"c:3\"]\n"
                + "finback.persistence { profile = postgres, postgres { host = db, password-file = \"" + file
                + "\" } }");
        Config factory = layer.getConfig("akka.persistence.r2dbc.connection-factory");
        assertThat(factory.getString("password")).isEqualTo("a b");
        assertThat(factory.getString("host")).isEqualTo("db");
        assertThat(layer.getString("akka.persistence.journal.plugin")).isEqualTo("akka.persistence.r2dbc.journal");
    }

    @Test
    void anUnreadablePasswordFileIsNamed() {
        assertThatThrownBy(() ->
                        layer("finback.persistence { profile = postgres, postgres.password-file = /no/such/file }"))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.persistence.postgres.password-file: '/no/such/file'");
    }

    @Test
    void thePasswordIsNotShown() {
        assertThat(new PostgresSettings("h", 1, "d", "u", "secret", java.time.Duration.ofSeconds(1)))
                .hasToString("u@h:1/d");
    }

    @Test
    void nativeLevelDbIsForX86Only() {
        assertThat(LevelDbNative.builtFor("Linux", "amd64")).isTrue();
        assertThat(LevelDbNative.builtFor("Mac OS X", "x86_64")).isTrue();
        assertThat(LevelDbNative.builtFor("Linux", "aarch64")).isFalse();
        assertThat(LevelDbNative.builtFor("Mac OS X", "aarch64")).isFalse();
        assertThat(LevelDbNative.builtFor("FreeBSD", "amd64")).isFalse();
    }

    private Config layer(String settings) {
        return Persistence.layer(JournalSystem.settings(directory, settings))
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
    }
}
