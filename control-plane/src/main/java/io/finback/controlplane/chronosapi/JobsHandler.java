package io.finback.controlplane.chronosapi;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.finback.controlplane.job.JobAnswer;
import io.finback.controlplane.job.JobCommand;
import io.finback.controlplane.job.JobSnapshot;
import io.finback.controlplane.job.Jobs;
import io.finback.controlplane.schedule.Durations;
import io.finback.controlplane.schedule.JobDefinition;
import io.finback.controlplane.schedule.JobNames;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** What the API does with jobs. Every method throws {@link Failure}, or completes with one. */
final class JobsHandler {
    private static final int SEARCH_LIMIT = 10;
    private static final Map<String, ToDoubleFunction<Durations.Summary>> STATISTICS = Map.of(
            "99thPercentile", Durations.Summary::p99,
            "98thPercentile", Durations.Summary::p98,
            "95thPercentile", Durations.Summary::p95,
            "75thPercentile", Durations.Summary::p75,
            "median", Durations.Summary::median,
            "mean", Durations.Summary::mean);

    private final Jobs jobs;
    private final InstantSource clock;
    private final Optional<String> user;

    JobsHandler(Jobs jobs, InstantSource clock) {
        this.jobs = jobs;
        this.clock = clock;
        this.user = Optional.of(jobs.settings().user()).filter(u -> !u.isEmpty());
    }

    CompletionStage<Answer> putScheduled(Call call) {
        JobDefinition job = JobReader.scheduled(call.json(), clock.instant(), user);
        // Whoever waited for parents does not any more.
        boolean linked = jobs.view()
                .job(job.name())
                .flatMap(JobSnapshot::definition)
                .map(JobDefinition::dependent)
                .orElse(false);
        return linked ? link(job.name(), List.of()).thenCompose(done -> put(job)) : put(job);
    }

    CompletionStage<Answer> putDependent(Call call) {
        JobDefinition job = JobReader.dependent(call.json(), clock.instant(), user);
        jobs.access().change(job.name());
        job.times().parents().stream()
                .filter(parent -> !jobs.access().sees(parent))
                .findFirst()
                .ifPresent(hidden -> {
                    throw Failure.forbidden();
                });
        return known(job.times().parents())
                .thenCompose(done -> link(job.name(), job.times().parents()))
                .thenCompose(done -> put(job));
    }

    /** Parents that were made through another master a moment ago are not in this view yet. */
    private CompletionStage<Void> known(List<String> names) {
        CompletionStage<Void> all = CompletableFuture.completedFuture(null);
        for (String name : names) {
            if (jobs.view().job(name).isEmpty()) {
                all = all.thenCompose(done -> ask(name, JobCommand.ReadHistory::new))
                        .thenAccept(answer -> {
                            if (answer.snapshot().definition().isEmpty()) {
                                throw Failure.bad("parents: '" + name + "' is no job (expected: names of jobs)");
                            }
                        });
            }
        }
        return all;
    }

    private CompletionStage<Void> link(String child, List<String> parents) {
        return jobs.link(child, parents).thenAccept(circle -> {
            if (!circle.isEmpty()) {
                throw Failure.bad("parents: " + String.join(" waits for ", circle) + " (expected: no circle)");
            }
        });
    }

    private CompletionStage<Answer> put(JobDefinition job) {
        return done(job.name(), ask(job.name(), replyTo -> new JobCommand.Put(job, replyTo)));
    }

    Answer list() {
        ArrayNode all = JobWriter.array();
        jobs.view().jobs().forEach(job -> all.add(JobWriter.job(job)));
        return Answer.ok(all);
    }

    Answer summaries() {
        ArrayNode all = JobWriter.array();
        jobs.view().jobs().forEach(job -> all.add(JobWriter.summary(job)));
        var body = JobWriter.object();
        body.set("jobs", all);
        return Answer.ok(body);
    }

    Answer search(Call call) {
        int limit = call.number("limit", SEARCH_LIMIT);
        int offset = call.number("offset", 0);
        ArrayNode found = JobWriter.array();
        jobs.view().jobs().stream()
                .filter(job -> fits(call, job))
                .skip(offset)
                .limit(limit)
                .forEach(job -> found.add(JobWriter.job(job)));
        return Answer.ok(found);
    }

    /** {@code any} finds what {@code name} and {@code command} have not. */
    private static boolean fits(Call call, JobSnapshot snapshot) {
        JobDefinition job = snapshot.definition().orElseThrow();
        boolean name = call.text("name").map(part -> contains(job.name(), part)).orElse(true);
        boolean command = call.text("command")
                .map(part -> contains(job.command().line(), part))
                .orElse(true);
        Optional<Boolean> any = call.text("any")
                .map(part ->
                        contains(job.name(), part) || contains(job.command().line(), part));
        boolean named = call.text("name").isPresent() || call.text("command").isPresent();
        return named ? (name && command) || any.orElse(false) : any.orElse(true);
    }

    private static boolean contains(String text, String part) {
        return text.toLowerCase(Locale.ROOT).contains(part.toLowerCase(Locale.ROOT));
    }

    Answer one(String name) {
        return Answer.ok(JobWriter.job(known(name)));
    }

    CompletionStage<Answer> run(String name, Call call) {
        return done(name, ask(name, replyTo -> new JobCommand.RunNow(call.text("arguments"), replyTo)));
    }

    /** Children of a scheduled job take its schedule; children of a dependent one take its parents. */
    CompletionStage<Answer> delete(String name) {
        jobs.access().change(name);
        jobs.view().children(name).forEach(child -> jobs.access().change(child.name()));
        JobDefinition gone = known(name).definition().orElseThrow();
        CompletionStage<Answer> moved = Answer.done().now();
        for (JobSnapshot child : jobs.view().children(name)) {
            JobDefinition heir = heir(child.definition().orElseThrow(), gone);
            moved = moved.thenCompose(done -> link(heir.name(), heir.times().parents()))
                    .thenCompose(done -> put(heir));
        }
        return moved.thenCompose(done -> link(name, List.of()))
                .thenCompose(done -> done(name, ask(name, JobCommand.Remove::new)));
    }

    private static JobDefinition heir(JobDefinition child, JobDefinition gone) {
        JobDefinition.Times own = child.times();
        if (!gone.dependent()) {
            JobDefinition.Times theirs = gone.times();
            return child.withTimes(
                    new JobDefinition.Times(theirs.schedule(), theirs.cron(), theirs.zone(), List.of(), own.epsilon()));
        }
        List<String> parents = new ArrayList<>(own.parents());
        parents.remove(gone.name());
        gone.times().parents().stream().filter(p -> !parents.contains(p)).forEach(parents::add);
        return child.withTimes(
                new JobDefinition.Times(Optional.empty(), Optional.empty(), Optional.empty(), parents, own.epsilon()));
    }

    CompletionStage<Answer> kill(String name) {
        return done(name, ask(name, JobCommand.Kill::new));
    }

    CompletionStage<Answer> mark(String name, boolean success) {
        return done(name, ask(name, success ? JobCommand.MarkSuccess::new : JobCommand.MarkFailure::new))
                .thenApply(done ->
                        Answer.text("marked job " + name + " as " + (success ? "successful" : "failed") + ": true"));
    }

    CompletionStage<Answer> progress(String name, String taskId, Call call) {
        long elements = new Fields(call.json(), "").whole("numAdditionalElementsProcessed", 0, 1L << 50);
        jobs.access().change(name);
        if (!known(name).definition().orElseThrow().notes().dataProcessing()) {
            throw Failure.bad("Job '" + name + "' is not enabled to track data (expected: dataProcessingJobType true)");
        }
        return done(name, ask(name, replyTo -> new JobCommand.Progress(taskId, elements, replyTo)));
    }

    /** {@code PUT task/<id>}: how what an asynchronous job has started has ended. */
    CompletionStage<Answer> told(String taskId, Call call) {
        JsonNode body = call.json();
        if (!body.hasNonNull("statusCode")) {
            throw Failure.bad("statusCode: missing (expected: 0 for success, else failure)");
        }
        boolean success = new Fields(body, "").number("statusCode", 0, -1e9) == 0;
        String name = JobNames.ofTask(taskId)
                .map(JobNames.Task::job)
                .orElseThrow(() -> Failure.bad("task id '" + taskId + "' (expected: ct:<due>:<attempt>:<job>:)"));
        return done(name, ask(name, replyTo -> new JobCommand.Told(taskId, success, replyTo)));
    }

    CompletionStage<Answer> stat(String name) {
        return history(name).thenApply(h -> Answer.ok(JobWriter.stat(h.snapshot(), h.history())));
    }

    CompletionStage<Answer> past(String name) {
        return history(name).thenApply(h -> Answer.ok(JobWriter.history(h.snapshot(), h.history())));
    }

    private CompletionStage<JobAnswer.History> history(String name) {
        if (!jobs.access().sees(name)) {
            throw Failure.noJob(name);
        }
        return ask(name, JobCommand.ReadHistory::new).thenApply(answer -> {
            if (answer instanceof JobAnswer.History history) {
                return history;
            }
            throw Failure.noJob(name);
        });
    }

    /** Slowest first. */
    Answer statistic(String which) {
        ToDoubleFunction<Durations.Summary> of = Optional.ofNullable(STATISTICS.get(which))
                .orElseThrow(() -> Failure.bad("statistic '" + which + "' (expected: one of "
                        + STATISTICS.keySet().stream().sorted().collect(Collectors.joining(", ")) + ")"));
        ArrayNode all = JobWriter.array();
        Map<String, Double> times = new LinkedHashMap<>();
        jobs.view().jobs().stream()
                .filter(j -> j.durations().count() > 0)
                .sorted(Comparator.comparingDouble(j -> -of.applyAsDouble(j.durations())))
                .forEach(j -> times.put(j.name(), of.applyAsDouble(j.durations())));
        times.forEach((name, time) -> all.addObject().put("jobNameLabel", name).put("time", time));
        return Answer.ok(all);
    }

    Answer graph(String form) {
        return switch (form) {
            case "dot" -> Answer.text(GraphWriter.dot(jobs.view().jobs()));
            case "csv" -> Answer.text(GraphWriter.csv(jobs.view().jobs()));
            default -> throw Failure.bad("graph '" + form + "' (expected: dot or csv)");
        };
    }

    /** A name that no job can have is no job. */
    private CompletionStage<JobAnswer> ask(String name, Function<ActorRef<JobAnswer>, JobCommand> command) {
        if (JobNames.problem(name).isPresent()) {
            throw Failure.noJob(name);
        }
        return jobs.ask(name, command);
    }

    Answer metrics() {
        return Answer.text(JobsMetrics.text(jobs.view().jobs()));
    }

    private JobSnapshot known(String name) {
        return jobs.view().job(name).orElseThrow(() -> Failure.noJob(name));
    }

    private static CompletionStage<Answer> done(String name, CompletionStage<JobAnswer> asked) {
        return asked.thenApply(answer -> {
            if (!(answer instanceof JobAnswer.Refused refused)) {
                return Answer.done();
            }
            throw switch (refused.why()) {
                case NO_JOB -> Failure.noJob(name);
                case NO_TASK -> Failure.bad("No such task of job '" + name + "' is under way");
                case FULL -> new Failure(503, "Too many runs of job '" + name + "' wait already");
            };
        });
    }
}
