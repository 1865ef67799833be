package io.finback.controlplane.marathonapi;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.slf4j.LoggerFactory;

/** {@code /logging}: what this master logs, and changes of it, for a while if wanted. Thread-safe. */
final class LoggingHandler {
    private static final Set<String> LEVELS = Set.of("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "OFF", "INHERIT");
    private static final int LONGEST_SECONDS = 7 * 24 * 3600;
    /** Names that nobody has asked for before stay in memory. */
    private static final int MAX_LOGGERS = 5_000;

    private final BiConsumer<Duration, Runnable> later;

    /** {@code later} runs something after a while. */
    LoggingHandler(BiConsumer<Duration, Runnable> later) {
        this.later = later;
    }

    Answer list() {
        Map<String, String> levels = new TreeMap<>();
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            for (Logger logger : context.getLoggerList()) {
                Level level = logger.getLevel();
                levels.put(
                        logger.getName(),
                        level == null ? logger.getEffectiveLevel() + " (inherited)" : level.toString());
            }
        }
        ObjectNode body = Json.object();
        levels.forEach(body::put);
        return Answer.ok(body);
    }

    Answer change(Request request) {
        Problems problems = new Problems();
        Fields fields = new Fields(request.json(), "", problems);
        String level = fields.text("level").orElse("").toUpperCase(Locale.ROOT);
        Optional<String> name = fields.text("logger");
        Optional<Integer> seconds = fields.integer("durationSeconds");
        if (name.isEmpty()) {
            problems.type("/logger", "error.path.missing");
        }
        if (!LEVELS.contains(level)) {
            problems.rule("/level", "'" + level + "' (expected: one of trace, debug, info, warn, error, off, inherit)");
        }
        seconds.filter(s -> s < 1 || s > LONGEST_SECONDS)
                .ifPresent(s -> problems.rule("/durationSeconds", "got " + s + ", expected 1 to " + LONGEST_SECONDS));
        problems.check();
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            Logger logger = context.exists(name.get());
            if (logger == null && context.getLoggerList().size() > MAX_LOGGERS) {
                throw ApiFailure.rule("/logger", "more than " + MAX_LOGGERS + " loggers");
            }
            set(context.getLogger(name.get()), level, seconds);
        }
        return list();
    }

    private void set(Logger logger, String level, Optional<Integer> seconds) {
        boolean root = logger.getName().equals(org.slf4j.Logger.ROOT_LOGGER_NAME);
        if (root && level.equals("INHERIT")) {
            throw ApiFailure.rule("/level", "the root logger inherits from none");
        }
        Level before = logger.getLevel();
        logger.setLevel(level.equals("INHERIT") ? null : Level.valueOf(level));
        seconds.ifPresent(s -> later.accept(Duration.ofSeconds(s), () -> logger.setLevel(before)));
    }
}
