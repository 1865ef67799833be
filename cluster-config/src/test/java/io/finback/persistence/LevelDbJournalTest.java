package io.finback.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.Address;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.Cluster;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.runtime.ClusterSystem;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LevelDbJournalTest extends JournalSuite {
    @Override
    Config settings(String journal) {
        return JournalSystem.settings(directory.resolve(journal), "");
    }

    @Override
    void checkSnapshotsKept() {
        // The newest and the one before it; deleting the third last may still be under way when the system ends.
        assertThat(files(directory.resolve("snapshot/snapshots")))
                .filteredOn(file -> file.getFileName().toString().startsWith("snapshot-"))
                .hasSizeBetween(1, 3);
    }

    @Test
    void aSecondProcessIsRefused() throws Exception {
        Config settings = settings("ghost");
        try (JournalSystem first = JournalSystem.start(settings);
                JournalProcess second = JournalProcess.fork(onAnotherPort(settings), directory, "serve")) {
            assertThat(second.expect("refused")).contains("ghost", "in use by another process");
            assertThat(second.exitCode()).isOne();
            assertThat(first.add(first.counter("a"), 1)).isOne();
        }
    }

    @Test
    void aSecondSystemOfThisProcessIsRefusedAndTheFirstKeepsItsLock() throws Exception {
        Config settings = settings("twice");
        try (JournalSystem first = JournalSystem.start(settings)) {
            assertThatThrownBy(() -> JournalSystem.start(onAnotherPort(settings)))
                    .isInstanceOf(StartFailure.class)
                    .hasMessageContaining("in use by another process");
            try (JournalProcess other = JournalProcess.fork(onAnotherPort(settings), directory, "serve")) {
                assertThat(other.expect("refused")).contains("in use by another process");
            }
            assertThat(first.add(first.counter("a"), 1)).isOne();
        }
    }

    /** With the native library a database that is closed under a reader ends the process by SIGABRT. */
    @Test
    void aSystemThatEndsAmongRecoveriesEndsInOrder() throws Exception {
        try (JournalProcess process = JournalProcess.fork(settings("ending"), directory, "end")) {
            process.expect("ending");
            assertThat(process.exitCode()).isZero();
        }
    }

    @Test
    void aWipedJournalBesideSnapshotsIsRefused() {
        Config settings = used("wiped-journal");
        delete(directory.resolve("wiped-journal/journal"));
        assertThatThrownBy(() -> JournalSystem.start(settings))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("wiped, moved or restored alone")
                .hasMessageContaining("of the journal: none");
    }

    @Test
    void wipedSnapshotsBesideAJournalAreRefused() {
        Config settings = used("wiped-snapshots");
        delete(directory.resolve("wiped-snapshots/snapshots"));
        assertThatThrownBy(() -> JournalSystem.start(settings))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("of the snapshots: none");
    }

    @Test
    void snapshotsOfAnotherJournalAreRefused() throws IOException {
        Config settings = used("one");
        Config other = used("two");
        assertThat(other.getString("finback.data-dir")).endsWith("two");
        delete(directory.resolve("one/snapshots"));
        Files.move(directory.resolve("two/snapshots"), directory.resolve("one/snapshots"));
        assertThatThrownBy(() -> JournalSystem.start(settings))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("do not belong together");
    }

    @Test
    void bothWipedIsAFreshStart() {
        Config settings = used("both");
        delete(directory.resolve("both/journal"));
        delete(directory.resolve("both/snapshots"));
        try (JournalSystem journal = JournalSystem.start(settings)) {
            assertThat(journal.total(journal.counter("a"))).isZero();
        }
    }

    @Test
    void pureJavaReadsWhatTheNativeLibraryWroteAndBack() {
        Config settings = used("both-ways");
        Config pureJava = ConfigFactory.parseString("akka.persistence.journal.leveldb.native = off")
                .withFallback(settings);
        try (JournalSystem journal = JournalSystem.start(pureJava)) {
            ActorRef<Counter.Command> counter = journal.counter("a");
            assertThat(journal.total(counter)).isEqualTo(5);
            assertThat(journal.add(counter, 1)).isEqualTo(6);
        }
        try (JournalSystem journal = JournalSystem.start(settings)) {
            assertThat(journal.total(journal.counter("a"))).isEqualTo(6);
        }
    }

    @Test
    void aBrokenJournalFailsAtStartNotAtTheFirstWrite() throws IOException {
        Config settings = used("broken");
        Files.writeString(directory.resolve("broken/journal/CURRENT"), "no manifest\n");
        assertThatThrownBy(() -> JournalSystem.start(settings))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("cannot be used");
    }

    @Test
    void endsWhenASecondMasterBecomesAMember() {
        try (JournalSystem first = JournalSystem.start(settings("first"))) {
            Address address = Cluster.get(first.system).selfMember().address();
            // ClusterSystem would refuse to make this one.
            Config master = ConfigFactory.parseMap(Map.of(
                            "akka.cluster.roles",
                            List.of("master"),
                            "akka.cluster.seed-nodes",
                            List.of(address.toString()),
                            "akka.remote.artery.canonical.hostname",
                            "127.0.0.1",
                            "akka.remote.artery.canonical.port",
                            0))
                    .withFallback(ConfigFactory.parseResources("finback-cluster.conf"))
                    .withFallback(ConfigFactory.parseResources("finback-node.conf"))
                    .withFallback(ConfigFactory.defaultReference())
                    .resolve();
            ActorSystem<Void> second = ActorSystem.create(Behaviors.empty(), ClusterSystem.NAME, master);
            try {
                JournalSystem.await(first.system.getWhenTerminated());
            } finally {
                second.terminate();
                JournalSystem.await(second.getWhenTerminated());
            }
        }
    }

    /** A journal with a total of 5 in entity {@code a}, closed. */
    private Config used(String name) {
        Config settings = settings(name);
        try (JournalSystem journal = JournalSystem.start(settings)) {
            assertThat(journal.add(journal.counter("a"), 5)).isEqualTo(5);
        }
        return settings;
    }

    private static Config onAnotherPort(Config settings) {
        return ConfigFactory.parseString("finback.cluster.port = " + JournalSystem.freePort())
                .withFallback(settings);
    }

    private static List<Path> files(Path path) {
        try (Stream<Path> all = Files.walk(path)) {
            return all.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path path) {
        for (Path file : files(path).stream().sorted(Comparator.reverseOrder()).toList()) {
            try {
                Files.delete(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
