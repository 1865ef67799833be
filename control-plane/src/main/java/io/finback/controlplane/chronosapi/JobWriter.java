package io.finback.controlplane.chronosapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.job.JobSnapshot;
import io.finback.controlplane.schedule.Durations;
import io.finback.controlplane.schedule.JobDefinition;
import io.finback.controlplane.schedule.JobDefinition.Overlap;
import io.finback.controlplane.schedule.Repetition;
import io.finback.controlplane.schedule.Run;
import io.finback.controlplane.schedule.RunRecord;
import io.finback.tasks.ContainerInfo;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Writes jobs in Chronos' shape. Source: Chronos' JobSerializer, JobStatWrapperSerializer, HistogramSerializer. */
final class JobWriter {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter STAT_TIME =
            DateTimeFormatter.ofPattern("MM/dd/yy HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

    private JobWriter() {}

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static ArrayNode array() {
        return JsonNodeFactory.instance.arrayNode();
    }

    /** {@code snapshot} has a definition. */
    static ObjectNode job(JobSnapshot snapshot) {
        JobDefinition job = snapshot.definition().orElseThrow();
        ObjectNode node = object();
        node.put("name", job.name());
        command(node, job.command());
        notes(node, job.notes());
        policy(node, job);
        node.set("cpus", number(job.needs().cpus()));
        node.set("mem", number(job.needs().mem()));
        node.set("disk", number(job.needs().disk()));
        node.put("highPriority", job.needs().highPriority());
        ArrayNode constraints = node.putArray("constraints");
        job.needs().constraints().forEach(c -> {
            ArrayNode triple = constraints.addArray();
            c.forEach(triple::add);
        });
        node.put("successCount", snapshot.counters().successes());
        node.put("errorCount", snapshot.counters().errors());
        node.put("errorsSinceLastSuccess", snapshot.counters().errorsSinceSuccess());
        node.put("lastSuccess", time(snapshot.counters().lastSuccess()));
        node.put("lastError", time(snapshot.counters().lastError()));
        times(node, snapshot, job);
        return node;
    }

    private static void command(ObjectNode node, JobDefinition.Command command) {
        node.put("command", command.line());
        node.put("shell", command.shell());
        ArrayNode arguments = node.putArray("arguments");
        command.arguments().forEach(arguments::add);
        ArrayNode environment = node.putArray("environmentVariables");
        command.environment()
                .forEach((name, value) ->
                        environment.addObject().put("name", name).put("value", value));
        node.put("runAsUser", command.user().orElse(""));
        ArrayNode uris = node.putArray("uris");
        ArrayNode fetch = node.putArray("fetch");
        command.fetch().forEach(f -> {
            uris.add(f.value());
            ObjectNode one = fetch.addObject()
                    .put("uri", f.value())
                    .put("executable", f.executable())
                    .put("cache", f.cache())
                    .put("extract", f.extract());
            f.outputFile().ifPresent(path -> one.put("output_file", path));
        });
        command.container().ifPresent(c -> node.set("container", container(c)));
    }

    private static ObjectNode container(ContainerInfo container) {
        ObjectNode node = object();
        node.put("type", container.type().name());
        container.image().ifPresent(i -> node.put("image", i.name()).put("forcePullImage", !i.cached()));
        container.docker().ifPresent(d -> {
            node.put("image", d.image());
            node.put("network", d.network().name());
            node.put("forcePullImage", d.forcePullImage());
            ArrayNode parameters = node.putArray("parameters");
            d.parameters()
                    .forEach(p -> parameters.addObject().put("key", p.key()).put("value", p.value()));
        });
        container.networks().stream()
                .flatMap(n -> n.name().stream())
                .findFirst()
                .ifPresent(n -> node.put("networkName", n));
        ArrayNode volumes = node.putArray("volumes");
        container.volumes().forEach(v -> volumes.addObject()
                .put("containerPath", v.containerPath())
                .put("hostPath", v.name())
                .put("mode", v.readOnly() ? "RO" : "RW"));
        return node;
    }

    private static void notes(ObjectNode node, JobDefinition.Notes notes) {
        node.put("executor", notes.executor());
        node.put("executorFlags", notes.executorFlags());
        node.put("taskInfoData", notes.taskInfoData());
        node.put("owner", notes.owner());
        node.put("ownerName", notes.ownerName());
        node.put("description", notes.description());
        node.put("dataProcessingJobType", notes.dataProcessing());
    }

    private static void policy(ObjectNode node, JobDefinition job) {
        JobDefinition.Policy policy = job.policy();
        node.put("retries", policy.retries());
        node.put("disabled", policy.disabled());
        node.put("softError", policy.softError());
        node.put("async", policy.async());
        node.put("concurrent", policy.overlap() == Overlap.RUN_BOTH);
        node.put("overlap", policy.overlap().name());
        node.put("catchUp", policy.catchUp().name());
        node.put(
                "maxCompletionTime",
                policy.maxCompletion().map(Duration::toMillis).orElse(0L));
        job.times().epsilon().ifPresent(e -> node.put("epsilon", e.toString()));
    }

    private static void times(ObjectNode node, JobSnapshot snapshot, JobDefinition job) {
        if (job.dependent()) {
            ArrayNode parents = node.putArray("parents");
            job.times().parents().forEach(parents::add);
            return;
        }
        job.times()
                .cron()
                .ifPresentOrElse(cron -> node.put("cron", cron), () -> node.put("schedule", schedule(snapshot)));
        node.put("scheduleTimeZone", job.times().zone().orElse(""));
        snapshot.next().ifPresent(next -> node.put("next", TIME.format(next)));
    }

    /** As Chronos shows it: with the runs that are left, from the next one on. Empty for a dependent job. */
    static String schedule(JobSnapshot snapshot) {
        JobDefinition job = snapshot.definition().orElseThrow();
        if (job.times().cron().isPresent()) {
            return job.times().cron().get();
        }
        return job.timetable()
                .map(t -> t instanceof Repetition r ? r.shown(snapshot.next(), snapshot.left()) : "")
                .orElse("");
    }

    /** {@code fresh}, {@code success} or {@code failure}. */
    static String status(JobSnapshot job) {
        Optional<Instant> success = job.counters().lastSuccess();
        Optional<Instant> error = job.counters().lastError();
        if (success.isEmpty() && error.isEmpty()) {
            return "fresh";
        }
        boolean failed = error.isPresent() && success.map(error.get()::isAfter).orElse(true);
        return failed ? "failure" : "success";
    }

    /** {@code idle}, {@code queued} or {@code 2 running}. */
    static String state(JobSnapshot job) {
        long running = job.runs().stream().filter(Run::launched).count();
        return running > 0 ? running + " running" : job.runs().isEmpty() ? "idle" : "queued";
    }

    static ObjectNode summary(JobSnapshot snapshot) {
        JobDefinition job = snapshot.definition().orElseThrow();
        ObjectNode node = object();
        node.put("name", job.name());
        node.put("status", status(snapshot));
        node.put("state", state(snapshot));
        node.put("schedule", schedule(snapshot));
        ArrayNode parents = node.putArray("parents");
        job.times().parents().forEach(parents::add);
        node.put("disabled", job.policy().disabled());
        return node;
    }

    /** Chronos' histogram and history, and beside them every occurrence with what became of it. */
    static ObjectNode stat(JobSnapshot snapshot, List<RunRecord> history) {
        Durations.Summary d = snapshot.durations();
        ObjectNode node = object();
        node.putObject("histogram")
                .put("75thPercentile", d.p75())
                .put("95thPercentile", d.p95())
                .put("98thPercentile", d.p98())
                .put("99thPercentile", d.p99())
                .put("median", d.median())
                .put("mean", d.mean())
                .put("count", d.count());
        ArrayNode tasks = node.putArray("taskStatHistory");
        for (int i = history.size() - 1; i >= 0; i--) {
            RunRecord record = history.get(i);
            record.taskId().ifPresent(id -> tasks.add(task(snapshot.name(), id, record)));
        }
        return node;
    }

    private static ObjectNode task(String job, String taskId, RunRecord record) {
        ObjectNode node = object();
        node.put("taskId", taskId);
        node.put("jobName", job);
        node.put("slaveId", record.agentId().orElse(""));
        node.put("startTime", record.startedAt().map(STAT_TIME::format).orElse("N/A"));
        node.put("endTime", STAT_TIME.format(record.endedAt()));
        record.startedAt().ifPresent(s -> node.put("duration", duration(Duration.between(s, record.endedAt()))));
        node.put(
                "status",
                switch (record.outcome()) {
                    case SUCCEEDED -> "Success";
                    case KILLED -> "Killed";
                    default -> "Failed";
                });
        if (record.elements() > 0) {
            node.put("numElementsProcessed", record.elements());
        }
        return node;
    }

    private static String duration(Duration d) {
        Duration positive = d.isNegative() ? Duration.ZERO : d;
        StringBuilder text = new StringBuilder();
        if (positive.toDays() > 0) {
            text.append(positive.toDays()).append('d');
        }
        if (positive.toHoursPart() > 0) {
            text.append(positive.toHoursPart()).append('h');
        }
        if (positive.toMinutesPart() > 0) {
            text.append(positive.toMinutesPart()).append('m');
        }
        return text.append(positive.toSecondsPart()).append('s').toString();
    }

    /** Ours: every attempt and every occurrence that did not run, latest first; then what is open. */
    static ObjectNode history(JobSnapshot snapshot, List<RunRecord> history) {
        ObjectNode node = object();
        node.put("name", snapshot.name());
        snapshot.next().ifPresent(next -> node.put("next", TIME.format(next)));
        node.put("notRun", snapshot.counters().missed());
        ArrayNode open = node.putArray("open");
        snapshot.runs().forEach(run -> {
            ObjectNode one = open.addObject();
            one.put("nominal", TIME.format(run.nominal()));
            one.put("attempt", run.attempt());
            one.put("cause", run.cause().name());
            one.put("phase", run.phase().name());
            run.startedAt().ifPresent(s -> one.put("startedAt", TIME.format(s)));
            run.place().ifPresent(p -> one.put("host", p.host()).put("slaveId", p.agentId()));
            run.doom().ifPresent(why -> one.put("killed", why));
        });
        ArrayNode past = node.putArray("history");
        for (int i = history.size() - 1; i >= 0; i--) {
            RunRecord record = history.get(i);
            ObjectNode one = past.addObject();
            one.put("nominal", TIME.format(record.nominal()));
            if (record.count() != 1) {
                one.put("until", TIME.format(record.until())).put("count", record.count());
            }
            one.put("outcome", record.outcome().name());
            one.put("attempt", record.attempt());
            record.taskId().ifPresent(id -> one.put("taskId", id));
            record.startedAt().ifPresent(s -> one.put("startedAt", TIME.format(s)));
            one.put("endedAt", TIME.format(record.endedAt()));
            one.put("message", record.message());
        }
        return node;
    }

    private static String time(Optional<Instant> time) {
        return time.map(TIME::format).orElse("");
    }

    private static JsonNode number(double value) {
        return value == Math.rint(value) ? LongNode.valueOf((long) value) : DoubleNode.valueOf(value);
    }
}
