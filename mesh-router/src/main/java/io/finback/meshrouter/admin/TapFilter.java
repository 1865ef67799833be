package io.finback.meshrouter.admin;

import akka.http.javadsl.model.Query;
import io.finback.tracing.Span;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

/**
 * What a viewer of {@link Tap} wants to see; texts that are empty want all.
 *
 * @param attempts whether each attempt at an instance is a line, too
 * @param service logical names begin with it
 * @param path of the request begins with it; attempts have none, and are not shown with it
 * @param status of the answer: 503, or 5xx
 * @param rate of all traces, above 0 and up to 1
 * @param time to look
 */
record TapFilter(boolean attempts, String service, String path, String status, double rate, Duration time) {
    private static final Set<String> KNOWN = Set.of("attempts", "service", "path", "status", "sample", "seconds");
    private static final int USUAL_SECONDS = 60;

    /** Throws IllegalArgumentException that names the parameter. */
    static TapFilter of(Query query) {
        Map<String, String> said = query.toMap();
        for (String name : said.keySet()) {
            if (!KNOWN.contains(name)) {
                throw new IllegalArgumentException(
                        name + " (expected: attempts, service, path, status, sample, seconds)");
            }
        }
        String attempts = said.getOrDefault("attempts", "false");
        if (!attempts.equals("true") && !attempts.equals("false")) {
            throw new IllegalArgumentException("attempts: '" + attempts + "' (expected: true or false)");
        }
        String status = said.getOrDefault("status", "");
        if (!status.isEmpty() && !status.matches("[1-5](\\d\\d|xx)")) {
            throw new IllegalArgumentException("status: '" + status + "' (expected: such as 503 or 5xx)");
        }
        double rate = number("sample", said.getOrDefault("sample", "1"));
        if (!(rate > 0 && rate <= 1)) {
            throw new IllegalArgumentException("sample: " + rate + " (expected: above 0, up to 1)");
        }
        double seconds = number("seconds", said.getOrDefault("seconds", Integer.toString(USUAL_SECONDS)));
        if (!(seconds >= 1 && seconds <= Integer.MAX_VALUE)) {
            throw new IllegalArgumentException("seconds: " + seconds + " (expected: at least 1)");
        }
        return new TapFilter(
                attempts.equals("true"),
                said.getOrDefault("service", ""),
                said.getOrDefault("path", ""),
                status,
                rate,
                Duration.ofMillis((long) (seconds * 1_000)));
    }

    private static double number(String name, String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": '" + text + "' (expected: a number)", e);
        }
    }

    boolean wants(Span span) {
        Map<String, String> said = span.attributes();
        return (attempts || span.kind() == Span.Kind.SERVER)
                && (service.isEmpty() || said.getOrDefault("service", "").startsWith(service))
                && (path.isEmpty() || said.getOrDefault("http.path", "").startsWith(path))
                && (status.isEmpty() || isStatus(said.getOrDefault("http.status_code", "")));
    }

    private boolean isStatus(String is) {
        return status.endsWith("xx") ? is.startsWith(status.substring(0, 1)) : is.equals(status);
    }
}
