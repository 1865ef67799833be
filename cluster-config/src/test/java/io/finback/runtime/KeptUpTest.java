package io.finback.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.typesafe.config.ConfigFactory;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** An actor whose end would go unnoticed, and that fails at its start. */
@Timeout(60)
class KeptUpTest {
    private static ActorSystem<Void> start(Behavior<Object> actor) {
        return ActorSystem.create(
                KeptUp.create("downing", actor),
                "kept",
                ConfigFactory.parseString("akka.loglevel = WARNING").withFallback(ConfigFactory.defaultReference()));
    }

    @Test
    void isStartedAgainWhenItsStartFails() throws Exception {
        AtomicInteger starts = new AtomicInteger();
        CountDownLatch works = new CountDownLatch(1);
        ActorSystem<Void> system = start(Behaviors.setup(context -> {
            if (starts.incrementAndGet() < 3) {
                throw new IllegalStateException("not yet");
            }
            works.countDown();
            return Behaviors.empty();
        }));
        try {
            assertThat(works.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(system.whenTerminated().isCompleted()).isFalse();
        } finally {
            system.terminate();
            system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void endsTheNodeAndSaysSoWhenItNeverStarts() throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger(KeptUp.class);
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        logger.addAppender(lines);
        try {
            ActorSystem<Void> system = start(Behaviors.setup(context -> {
                throw new IllegalStateException("never");
            }));
            system.getWhenTerminated().toCompletableFuture().get(40, TimeUnit.SECONDS);
        } finally {
            logger.detachAppender(lines);
        }
        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .singleElement()
                .asString()
                .startsWith("cluster.actor_lost name=downing")
                .contains("restart the node");
    }
}
