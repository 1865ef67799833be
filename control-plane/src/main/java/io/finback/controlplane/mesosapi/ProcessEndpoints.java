package io.finback.controlplane.mesosapi;

import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import io.finback.runtime.LogLevel;
import io.finback.security.Action;
import io.finback.security.Guard;
import io.finback.security.Rules;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What every process of Mesos answers about itself. Source: apache/mesos {@code 3rdparty/libprocess/src/{logging,system,profiler}}. */
final class ProcessEndpoints {
    private static final Pattern DURATION =
            Pattern.compile("([0-9]+(?:\\.[0-9]+)?)(ns|us|ms|secs|mins|hrs|days|weeks)");
    private static final Map<String, Long> NANOSECONDS = Map.of(
            "ns", 1L,
            "us", 1_000L,
            "ms", 1_000_000L,
            "secs", 1_000_000_000L,
            "mins", 60_000_000_000L,
            "hrs", 3_600_000_000_000L,
            "days", 86_400_000_000_000L,
            "weeks", 604_800_000_000_000L);
    private static final String NO_PROFILER =
            "The profiler is not enabled: use one for the JVM, such as 'jcmd <pid> JFR.start'\n";

    private final LogLevel level;
    private final Rules rules;

    ProcessEndpoints(LogLevel level, Rules rules) {
        this.level = level;
        this.rules = rules;
    }

    void addTo(ClusterApi api) {
        api.get("/logging/toggle", request -> ClusterApi.now(toggle(request, Query.of(request.getUri()))));
        // Also under the name with .json behind, as everything is.
        api.get("/system/stats", request -> {
            Query query = Query.of(request.getUri());
            return ClusterApi.now(Answers.json(Documents.numbers(system()), request, query));
        });
        api.get("/profiler/start", request -> ClusterApi.now(Answers.text(400, NO_PROFILER)));
        api.get("/profiler/stop", request -> ClusterApi.now(Answers.text(400, NO_PROFILER)));
    }

    private HttpResponse toggle(HttpRequest request, Query query) {
        Optional<String> wanted = query.text("level");
        Optional<String> duration = query.text("duration");
        if (wanted.isEmpty() && duration.isEmpty()) {
            return Answers.text(200, level.current() + "\n");
        }
        if (duration.isEmpty()) {
            throw ApiFailure.badRequest("Expecting 'duration=value' in query");
        }
        if (wanted.isEmpty()) {
            throw ApiFailure.badRequest("Expecting 'level=value' in query");
        }
        int number = query.number("level", 0);
        if (!rules.allows(Guard.principal(request), Action.SET_LOG_LEVEL, Integer.toString(number))) {
            throw ApiFailure.of(403, "not allowed to set_log_level");
        }
        Duration time = duration(duration.get());
        ApiFailure.checked(() -> level.set(number, time));
        return Answers.empty(200);
    }

    private static Duration duration(String text) {
        Matcher parts = DURATION.matcher(text);
        long unit = parts.matches() ? NANOSECONDS.getOrDefault(parts.group(2), 0L) : 0;
        BigDecimal nanoseconds =
                unit == 0 ? BigDecimal.ZERO : new BigDecimal(parts.group(1)).multiply(BigDecimal.valueOf(unit));
        if (unit == 0 || nanoseconds.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            throw ApiFailure.badRequest("duration: " + text + " (expected: a duration such as 10secs)");
        }
        return Duration.ofNanos(nanoseconds.longValue());
    }

    private static Map<String, Double> system() {
        Map<String, Double> numbers = new TreeMap<>();
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        if (load >= 0) {
            numbers.put("avg_load_1min", load);
        }
        numbers.put("cpus_total", (double) Runtime.getRuntime().availableProcessors());
        if (ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean machine) {
            numbers.put("mem_total_bytes", (double) machine.getTotalMemorySize());
            numbers.put("mem_free_bytes", (double) machine.getFreeMemorySize());
        }
        return numbers;
    }
}
