package io.finback.controlplane.app;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.typesafe.config.ConfigFactory;
import io.finback.controlplane.scheduler.Examples;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** The stash trap: commands that persist nothing, queued behind a write, once overflowed the stack and ended the JVM. */
class BurstTest {
    @Test
    void tenThousandReadsBehindAWriteAreDroppedOrAnsweredAndTheEntityLives() {
        ActorTestKit kit = ActorTestKit.create(ConfigFactory.parseString("""
                        akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
                        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.local"
                        akka.jvm-exit-on-fatal-error = off
                        """)
                .withFallback(ConfigFactory.load())
                .resolve());
        // Every dropped command is a warning: ten thousand of them say nothing new.
        Logger log = (Logger) LoggerFactory.getLogger(AppEntity.class);
        log.setLevel(Level.ERROR);
        try {
            ActorRef<AppCommand> app = kit.spawn(AppEntity.create(
                    "shop_api", AppEntityTest.SETTINGS, new AppEntityTest.Notes(), InstantSource.system()));
            TestProbe<AppAnswer> answers = kit.createTestProbe(AppAnswer.class);
            TestProbe<AppAnswer> noise = kit.createTestProbe(AppAnswer.class);
            app.tell(new AppCommand.Create(Examples.app(1), false, "d0", answers.getRef()));
            for (int i = 0; i < 10_000; i++) {
                app.tell(new AppCommand.FindVersion(Instant.EPOCH, noise.getRef()));
            }
            assertThat(answers.receiveMessage(Duration.ofSeconds(10))).isInstanceOf(AppAnswer.Changed.class);
            TestProbe<AppSnapshot> alive = kit.createTestProbe(AppSnapshot.class);
            io.finback.controlplane.service.TestMaster.await("still answers", () -> {
                app.tell(new AppCommand.Wake(alive.getRef()));
                return alive.receiveMessage(Duration.ofSeconds(5)).current().isPresent();
            });
        } finally {
            log.setLevel(null);
            kit.shutdownTestKit();
        }
    }
}
