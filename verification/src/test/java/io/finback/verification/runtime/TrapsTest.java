package io.finback.verification.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValue;
import io.finback.runtime.ClusterSystem;
import io.finback.runtime.Role;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Traps of Akka and its surroundings that look fine until they run, on the whole class path and in a real master's system. */
class TrapsTest {
    @TempDir
    static Path directory;

    private static ActorSystem<Void> master;

    @BeforeAll
    static void start() throws IOException {
        Config settings = ConfigFactory.parseString(
                        "finback { data-dir = \"" + directory + "\", cluster.port = " + freePort() + " }")
                .withFallback(ConfigFactory.defaultReference().withOnlyPath("finback"))
                .resolve();
        master = ClusterSystem.member(Behaviors.empty(), settings, Role.MASTER);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @AfterAll
    static void stop() throws Exception {
        master.terminate();
        master.getWhenTerminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    /** {@code reference.conf} files are merged in no fixed order, so an override placed there may lose. */
    @Test
    void ourAkkaSettingsWinOverEveryReferenceConf() {
        Config running = master.settings().config();
        for (String resource : new String[] {
            "finback-node.conf", "finback-cluster.conf", "persistence-common.conf", "persistence-leveldb.conf"
        }) {
            Config ours = ConfigFactory.parseResources(resource).resolveWith(ConfigFactory.defaultReference());
            assertThat(ours.entrySet()).as(resource).isNotEmpty();
            for (Map.Entry<String, ConfigValue> entry : ours.entrySet()) {
                // Lists that append to Akka's are longer at run time.
                if (!Set.of("akka.extensions", "akka.library-extensions").contains(entry.getKey())) {
                    assertThat(running.getValue(entry.getKey()).unwrapped())
                            .as("%s in %s", entry.getKey(), resource)
                            .isEqualTo(entry.getValue().unwrapped());
                }
            }
        }
        assertThat(running.getStringList("akka.library-extensions"))
                .contains("io.finback.persistence.PersistenceGuard")
                .hasSizeGreaterThan(1);
    }

    /** Logback 1.5 beside slf4j 1.7 logs nothing at all. */
    @Test
    void whatAnActorLogsReachesLogback() throws InterruptedException {
        CountDownLatch logged = new CountDownLatch(1);
        AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                if (event.getFormattedMessage().equals("traps.logged by=akka")) {
                    logged.countDown();
                }
            }
        };
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        appender.setContext(root.getLoggerContext());
        appender.start();
        root.addAppender(appender);
        try {
            master.log().error("traps.logged by={}", "akka");
            assertThat(logged.await(10, TimeUnit.SECONDS)).isTrue();
        } finally {
            root.detachAppender(appender);
        }
    }

    /** Some 490 stashed reads overflow a default stack and end the JVM (akka#29933); LevelDbJournalTest shows that 256 do not. */
    @Test
    void noStashIsDeeperThanAStackCanUnwind() {
        assertThat(master.settings().config().getInt("akka.persistence.typed.stash-capacity"))
                .isLessThanOrEqualTo(256);
    }

    /** With a common pool of one thread JDK 17 starts a thread for every asynchronous step, of the ask pattern too. */
    @Test
    void testsRunWithACommonPoolAsTheLauncherDoes() {
        assertThat(java.util.concurrent.ForkJoinPool.getCommonPoolParallelism()).isGreaterThan(1);
    }
}
