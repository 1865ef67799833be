package io.finback.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.filter.ThresholdFilter;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.util.FileSize;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Sends the log to a file of bounded size, and for a single role to standard error, too. Found by Logback itself (which thereby need
 * not read XML); until {@link #to} was called, as in tests, it leaves the word to {@code logback.xml}.
 */
@ConfiguratorRank(value = ConfiguratorRank.CUSTOM_HIGH_PRIORITY)
public final class Logs extends ContextAwareBase implements Configurator {
    private static final String LINE = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX,UTC} %-5level %logger{0} %msg%n%ex";
    /** In one file of many nodes, the address says which. */
    private static final String FILE_LINE =
            "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX,UTC} %-5level [%X{akkaAddress:-}] %logger{0} %msg%n%ex";

    private static final String FILE_SIZE = "20MB";
    private static final int OLD_FILES = 4;

    private record Target(Path file, boolean console) {}

    private static volatile @Nullable Target target;

    /** Must come before the first logger is made. At most five files of 20 MB. */
    static void to(Path file, boolean console) {
        target = new Target(file, console);
    }

    @Override
    public ExecutionStatus configure(LoggerContext logback) {
        Target now = target;
        if (now == null) {
            return ExecutionStatus.NEUTRAL;
        }
        logback.getLogger("ROOT").setLevel(Level.INFO);
        // Each attempt to reach a node that is down says the same here; what follows from it is logged by us.
        logback.getLogger("akka.remote.artery").setLevel(Level.ERROR);
        logback.getLogger("akka.stream").setLevel(Level.ERROR);
        // An engine that is away is asked again all the time, and this says each time that it does so.
        logback.getLogger("com.github.dockerjava").setLevel(Level.WARN);
        // Its client says a page about its environment, and every second that an ensemble is away; names that are not
        // followed we log.
        logback.getLogger("org.apache.zookeeper").setLevel(Level.ERROR);
        logback.getLogger("ROOT").addAppender(file(logback, now.file()));
        if (now.console()) {
            logback.getLogger("ROOT").addAppender(console(logback));
        }
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    private static RollingFileAppender<ILoggingEvent> file(LoggerContext logback, Path file) {
        RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
        appender.setFile(file.toString());
        FixedWindowRollingPolicy rolling = new FixedWindowRollingPolicy();
        rolling.setContext(logback);
        rolling.setParent(appender);
        rolling.setFileNamePattern(file + ".%i");
        rolling.setMinIndex(1);
        rolling.setMaxIndex(OLD_FILES);
        rolling.start();
        SizeBasedTriggeringPolicy<ILoggingEvent> trigger = new SizeBasedTriggeringPolicy<>();
        trigger.setContext(logback);
        trigger.setMaxFileSize(FileSize.valueOf(FILE_SIZE));
        trigger.start();
        appender.setRollingPolicy(rolling);
        appender.setTriggeringPolicy(trigger);
        return started(appender, logback, FILE_LINE);
    }

    private static ConsoleAppender<ILoggingEvent> console(LoggerContext logback) {
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setTarget("System.err");
        ThresholdFilter info = new ThresholdFilter();
        info.setLevel("INFO");
        info.start();
        appender.addFilter(info);
        return started(appender, logback, LINE);
    }

    private static <A extends OutputStreamAppender<ILoggingEvent>> A started(
            A appender, LoggerContext logback, String line) {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(logback);
        encoder.setPattern(line);
        encoder.start();
        appender.setContext(logback);
        appender.setEncoder(encoder);
        appender.start();
        return appender;
    }
}
