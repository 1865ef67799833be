package io.finback.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorRef;
import akka.stream.javadsl.Sink;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every persistence profile must do. Each test has a journal of its own. */
abstract class JournalSuite {
    @TempDir
    Path directory;

    /** Settings of one master, with a fresh journal for each {@code journal} name. */
    abstract Config settings(String journal);

    @Test
    void whatWasPersistedIsThereAfterARestart() {
        Config settings = settings("recover");
        try (JournalSystem first = JournalSystem.start(settings)) {
            ActorRef<Counter.Command> counter = first.counter("a");
            assertThat(first.add(counter, 3)).isEqualTo(3);
            assertThat(first.add(counter, 4)).isEqualTo(7);
        }
        try (JournalSystem second = JournalSystem.start(settings)) {
            assertThat(second.total(second.counter("a"))).isEqualTo(7);
            assertThat(second.total(second.counter("b"))).isZero();
        }
    }

    @Test
    void recoversFromTheNewestSnapshot() {
        Config settings = settings("snapshot");
        try (JournalSystem first = JournalSystem.start(settings)) {
            ActorRef<Counter.Command> counter = first.counter("a");
            for (int i = 0; i < 13; i++) {
                first.add(counter, 1, 100);
            }
            assertThat(first.total(counter)).isEqualTo(1300);
        }
        AtomicInteger replayed = new AtomicInteger();
        try (JournalSystem second = JournalSystem.start(settings)) {
            assertThat(second.total(second.counter(Counter.TYPE, "a", replayed)))
                    .isEqualTo(1300);
        }
        assertThat(replayed).hasValue(300);
        checkSnapshotsKept();
    }

    /** What retention left in the snapshot store; profiles that can look do. */
    void checkSnapshotsKept() {}

    @Test
    void killBetweenPersistAndReplyLosesNothing() throws Exception {
        Config settings = settings("kill");
        try (JournalProcess process = JournalProcess.fork(settings, directory, "serve")) {
            process.expect("up");
            for (int i = 1; i <= 20; i++) {
                process.tell("add 1");
                assertThat(process.expect("acked")).isEqualTo(String.valueOf(i));
            }
            process.tell("hang 100");
            assertThat(process.expect("persisted")).isEqualTo("120");
            process.kill();
        }
        try (JournalSystem after = JournalSystem.start(settings)) {
            assertThat(after.total(after.counter("forked"))).isEqualTo(120);
        }
    }

    @Test
    void knowsTheIdsOfOneTypeOnly() {
        try (JournalSystem journal = JournalSystem.start(settings("ids"))) {
            for (String id : new String[] {"a", "b", "c", "d", "e"}) {
                journal.add(journal.counter(id), 1);
            }
            journal.add(journal.counter("CounterOther", "f", new AtomicInteger()), 1);
            assertThat(JournalSystem.await(
                            EventFeed.of(journal.system).entityIds(Counter.TYPE).runWith(Sink.seq(), journal.system)))
                    .containsExactlyInAnyOrder("a", "b", "c", "d", "e");
            assertThat(JournalSystem.await(
                            EventFeed.of(journal.system).entityIds("Nobody").runWith(Sink.seq(), journal.system)))
                    .isEmpty();
        }
    }

    /** Akka 2.8.5 dies of 490 stashed reads on a default stack (akka#29933); our stash holds fewer. */
    @Test
    void aBurstOfReadsBehindASlowPersistKillsNobody() throws Exception {
        Config settings = ConfigFactory.parseString("test.expected-drops = " + (JournalProcess.BURST - 256))
                .withFallback(settings("burst"));
        try (JournalProcess process = JournalProcess.fork(settings, directory, "burst", "-Xss1m")) {
            assertThat(process.expect("survived")).isEqualTo("1");
            assertThat(process.exitCode()).isZero();
        }
    }
}
