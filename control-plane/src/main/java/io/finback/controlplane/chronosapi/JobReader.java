package io.finback.controlplane.chronosapi;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.controlplane.schedule.Cron;
import io.finback.controlplane.schedule.JobDefinition;
import io.finback.controlplane.schedule.JobDefinition.CatchUp;
import io.finback.controlplane.schedule.JobDefinition.Overlap;
import io.finback.controlplane.schedule.JobNames;
import io.finback.controlplane.schedule.JobTask;
import io.finback.controlplane.schedule.Repetition;
import io.finback.controlplane.scheduler.Constraints;
import io.finback.tasks.FetchUri;
import java.time.Duration;
import java.time.Instant;
import java.time.Period;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Reads a job in Chronos' shape. Unknown and read-only fields are ignored; what would be silently wrong here is refused. */
final class JobReader {
    private static final int MAX_RETRIES = 1000;
    private static final int MAX_PARENTS = 1000;
    private static final Duration MONTH = Duration.ofDays(30);
    /** Chronos: no schedule and no parents is a job that runs once, now. */
    private static final String ONCE = "R1//PT24H";

    private final Fields fields;
    private final Instant now;
    private final Optional<String> user;

    private JobReader(JsonNode node, Instant now, Optional<String> user) {
        this.fields = new Fields(node, "");
        this.now = now;
        this.user = user;
    }

    /** One with {@code schedule} or {@code cron}. {@code user}: whom commands run as when nothing is said. Throws {@link Failure}. */
    static JobDefinition scheduled(JsonNode node, Instant now, Optional<String> user) {
        JobReader reader = new JobReader(node, now, user);
        if (!reader.fields.list("parents").isEmpty()) {
            throw Failure.bad(
                    "parents: are given (expected: none for a scheduled job; POST dependency makes a dependent one)");
        }
        return reader.read(reader.times());
    }

    /** One with {@code parents}. Throws {@link Failure}. */
    static JobDefinition dependent(JsonNode node, Instant now, Optional<String> user) {
        JobReader reader = new JobReader(node, now, user);
        List<String> parents =
                reader.fields.texts("parents").stream().distinct().toList();
        if (parents.isEmpty() || parents.size() > MAX_PARENTS) {
            throw Failure.bad("parents: " + parents.size() + " (expected: 1 to " + MAX_PARENTS + " names of jobs)");
        }
        return reader.read(new JobDefinition.Times(
                Optional.empty(), Optional.empty(), Optional.empty(), parents, reader.epsilon()));
    }

    private JobDefinition read(JobDefinition.Times times) {
        String name = fields.text("name").orElseThrow(() -> Failure.bad("name: missing (expected: a job's name)"));
        JobNames.problem(name).ifPresent(why -> {
            throw Failure.bad(why);
        });
        fields.text("executor").ifPresent(e -> {
            throw Failure.bad("executor: '" + e + "' (expected: ''; custom executors are not supported)");
        });
        return new JobDefinition(name, command(), times, needs(), policy(times), notes());
    }

    private JobDefinition.Times times() {
        Optional<String> zone = fields.text("scheduleTimeZone");
        Optional<String> cron = fields.text("cron");
        Optional<String> schedule = fields.text("schedule");
        if (cron.isPresent() && schedule.isPresent()) {
            throw Failure.bad("cron: is given beside schedule (expected: one of both)");
        }
        if (cron.isPresent()) {
            String expression =
                    checked("cron", () -> Cron.parse(cron.get(), zone)).expression();
            return new JobDefinition.Times(Optional.empty(), Optional.of(expression), zone, List.of(), epsilon());
        }
        String text = schedule.orElse(ONCE);
        Repetition parsed = checked("schedule", () -> Repetition.parse(text, zone, now));
        // What is written without a start is written down with what it means now.
        boolean open = text.contains("//");
        String kept = open ? parsed.shown(Optional.empty(), parsed.times()) : text;
        return new JobDefinition.Times(Optional.of(kept), Optional.empty(), zone, List.of(), epsilon());
    }

    private static <T> T checked(String field, java.util.function.Supplier<T> parse) {
        try {
            return parse.get();
        } catch (IllegalArgumentException e) {
            throw Failure.bad(field + ": " + e.getMessage());
        }
    }

    private Optional<Duration> epsilon() {
        return fields.text("epsilon").map(t -> duration("epsilon", t));
    }

    /** Days count 24 hours, months 30 days. */
    private static Duration duration(String field, String text) {
        try {
            int time = text.indexOf('T');
            Period days = time == 1 ? Period.ZERO : Period.parse(time < 0 ? text : text.substring(0, time));
            Duration exact = time < 0 ? Duration.ZERO : Duration.parse("P" + text.substring(time));
            Duration all = MONTH.multipliedBy(days.toTotalMonths())
                    .plusDays(days.get(ChronoUnit.DAYS))
                    .plus(exact);
            if (!all.isNegative() && !all.isZero()) {
                return all;
            }
        } catch (DateTimeParseException | ArithmeticException e) {
            throw Failure.bad(field + ": '" + text + "' (expected: an ISO 8601 period such as PT30M)");
        }
        throw Failure.bad(field + ": '" + text + "' (expected: more than nothing)");
    }

    private JobDefinition.Command command() {
        Map<String, String> environment = new LinkedHashMap<>();
        for (Fields variable : fields.objects("environmentVariables")) {
            String name = variable.text("name")
                    .filter(n -> n.indexOf('=') < 0 && n.indexOf(0) < 0)
                    .orElseThrow(
                            () -> Failure.bad("environmentVariables.name: missing or with '=' (expected: a name)"));
            environment.put(name, variable.text("value").orElse(""));
        }
        return new JobDefinition.Command(
                fields.text("command").orElse(""),
                fields.flag("shell", true),
                fields.texts("arguments"),
                environment,
                fields.text("runAsUser").or(() -> user),
                fetch(),
                fields.object("container").flatMap(ContainerReader::read));
    }

    /** Chronos shows either list in both, so a job that was read and put back has both. */
    private List<FetchUri> fetch() {
        List<String> uris = fields.texts("uris");
        List<FetchUri> fetch = new ArrayList<>();
        for (Fields one : fields.objects("fetch")) {
            fetch.add(new FetchUri(
                    one.text("uri").orElseThrow(() -> Failure.bad("fetch.uri: missing (expected: where it is)")),
                    one.flag("executable", false),
                    one.flag("extract", true),
                    one.flag("cache", false),
                    one.text("output_file").or(() -> one.text("destPath")),
                    Optional.empty()));
        }
        if (!fetch.isEmpty() && !uris.isEmpty()) {
            List<String> same = fetch.stream().map(FetchUri::value).toList();
            if (!same.equals(uris)) {
                throw Failure.bad("uris: differ from fetch (expected: only one of both)");
            }
        }
        if (!fetch.isEmpty()) {
            return fetch;
        }
        return uris.stream()
                .map(uri -> new FetchUri(uri, false, true, false, Optional.empty(), Optional.empty()))
                .toList();
    }

    private JobDefinition.Needs needs() {
        List<List<String>> constraints = new ArrayList<>();
        for (JsonNode one : fields.list("constraints")) {
            List<String> triple = new ArrayList<>();
            one.forEach(part -> triple.add(part.asText()));
            if (!one.isArray()
                    || triple.size() != 3
                    || !List.of("EQUALS", "LIKE", "UNLIKE").contains(triple.get(1))) {
                throw fields.bad("constraints", one, "[attribute, EQUALS or LIKE or UNLIKE, value]");
            }
            Constraints.problem(JobTask.constraint(triple)).ifPresent(why -> {
                throw fields.bad("constraints", one, why);
            });
            constraints.add(triple);
        }
        return new JobDefinition.Needs(
                fields.number("cpus", 0.1, 0.001),
                fields.number("mem", 128, 1),
                fields.number("disk", 256, 0),
                constraints,
                fields.flag("highPriority", false));
    }

    private JobDefinition.Policy policy(JobDefinition.Times times) {
        boolean concurrent = fields.flag("concurrent", false);
        Overlap overlap =
                fields.oneOf("overlap", Overlap.class).orElse(concurrent ? Overlap.RUN_BOTH : Overlap.CANCEL_NEW);
        if (fields.any("concurrent").isPresent() && concurrent != (overlap == Overlap.RUN_BOTH)) {
            throw Failure.bad("overlap: " + overlap + " with concurrent " + concurrent
                    + " (expected: RUN_BOTH exactly with concurrent true)");
        }
        // Chronos 2 skips what is later than its epsilon; Chronos 3 knows no epsilon and runs the latest.
        CatchUp catchUp = fields.oneOf("catchUp", CatchUp.class)
                .orElse(times.epsilon().isPresent() ? CatchUp.SKIP : CatchUp.LATEST);
        return new JobDefinition.Policy(
                overlap,
                catchUp,
                (int) fields.whole("retries", 2, MAX_RETRIES),
                fields.flag("softError", false),
                fields.flag("async", false),
                maxCompletion(),
                fields.flag("disabled", false));
    }

    /** Milliseconds, or a period. */
    private Optional<Duration> maxCompletion() {
        OptionalLong millis = fields.any("maxCompletionTime")
                        .filter(n -> n.isTextual() && n.asText().startsWith("P"))
                        .isPresent()
                ? OptionalLong.of(duration(
                                "maxCompletionTime",
                                fields.text("maxCompletionTime").orElse(""))
                        .toMillis())
                : OptionalLong.of(fields.whole("maxCompletionTime", 0, 1L << 50));
        return millis.getAsLong() == 0 ? Optional.empty() : Optional.of(Duration.ofMillis(millis.getAsLong()));
    }

    private JobDefinition.Notes notes() {
        return new JobDefinition.Notes(
                fields.text("owner").orElse(""),
                fields.text("ownerName").orElse(""),
                fields.text("description").orElse(""),
                "",
                fields.text("executorFlags").orElse(""),
                fields.text("taskInfoData").orElse(""),
                fields.flag("dataProcessingJobType", false));
    }
}
