package io.finback.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.runtime.StartFailure;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
        ConnectionFactoryOptions options = options(layer);
        assertThat(options.getValue(ConnectionFactoryOptions.PASSWORD))
                .asString()
                .isEqualTo("a b");
        assertThat(options.getValue(ConnectionFactoryOptions.HOST)).isEqualTo("db");
        assertThat(layer.getString("akka.persistence.journal.plugin")).isEqualTo("akka.persistence.r2dbc.journal");
    }

    @Test
    void namesAndPasswordsReachTheDriverAsTheyAreWritten() {
        ConnectionFactoryOptions options = options(layer("finback.cluster.seeds = [\"a:1\", \"b:2\", \"c:3\"]\n"
                + "finback.persistence { profile = postgres, postgres { host = \"::1\", port = 6543, user = \"fin@back\","
                + " password = \"p/w:?+ %25;é\", database = \"a/b c\", abandoned-after = 7 s } }"));
        assertThat(options.getValue(ConnectionFactoryOptions.USER)).isEqualTo("fin@back");
        assertThat(options.getValue(ConnectionFactoryOptions.PASSWORD))
                .asString()
                .isEqualTo("p/w:?+ %25;é");
        assertThat(options.getValue(ConnectionFactoryOptions.DATABASE)).isEqualTo("a/b c");
        assertThat(options.getValue(ConnectionFactoryOptions.PORT)).isEqualTo(6543);
        assertThat(options.getValue(ConnectionFactoryOptions.HOST)).isEqualTo("[::1]");
        assertThat(options.getValue(Option.valueOf("options"))).isEqualTo("idle_in_transaction_session_timeout=7000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"999 ms", "601 s"})
    void whenATransactionIsTakenBackHasItsLimits(String value) {
        assertThatThrownBy(() ->
                        layer("finback.persistence { profile = postgres, postgres.abandoned-after = " + value + " }"))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("finback.persistence.postgres.abandoned-after: 'PT")
                .hasMessageContaining("(expected: 1 s to 10 minutes)");
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
        assertThat(new PostgresSettings("h", 1, "d", "u", "secret", Duration.ofSeconds(1), Duration.ofSeconds(5)))
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

    private static ConnectionFactoryOptions options(Config layer) {
        return ConnectionFactoryOptions.parse(layer.getString("akka.persistence.r2dbc.connection-factory.url"));
    }

    private Config layer(String settings) {
        return Persistence.layer(JournalSystem.settings(directory, settings))
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
    }
}
