package io.finback.controlplane.chronosapi;

import io.finback.controlplane.job.Jobs;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Finds the handler of a request. Source: Chronos' PathConstants. */
final class Dispatcher {
    private final JobsHandler jobs;
    private final String address;

    /** {@code address}: {@code host:port}, as clients are told. */
    Dispatcher(Jobs jobs, String address, InstantSource clock) {
        this.jobs = new JobsHandler(jobs, clock);
        this.address = address;
    }

    /** Throws {@link Failure}, or completes with one. */
    CompletionStage<Answer> answer(Call call) {
        List<String> path = call.path();
        String first = path.isEmpty() ? "" : path.get(0);
        int size = path.size();
        return switch (first) {
            case "iso8601", "cron" -> only(call, size == 1, "POST", () -> jobs.putScheduled(call));
            case "dependency" -> only(call, size == 1, "POST", () -> jobs.putDependent(call));
            case "jobs" -> all(call);
            case "job" -> one(call);
            case "task" -> task(call);
            case "stats" ->
                only(call, size == 2, "GET", () -> jobs.statistic(path.get(1)).now());
            case "graph" ->
                only(call, size == 2, "GET", () -> jobs.graph(path.get(1)).now());
            case "leader" ->
                only(call, size == 1, "GET", () -> Answer.ok(JobWriter.object().put("leader", address))
                        .now());
            // Every master serves everything, as Chronos' leader does.
            case "isMaster" ->
                only(call, size == 1, "GET", () -> Answer.text("true").now());
            case "metrics" -> only(call, size == 1, "GET", () -> jobs.metrics().now());
            case "ping" ->
                only(call, size == 1, "GET", () -> Answer.text("pong").now());
            default -> throw notFound();
        };
    }

    private CompletionStage<Answer> all(Call call) {
        List<String> path = call.path();
        if (path.size() == 1) {
            return only(call, true, "GET", () -> jobs.list().now());
        }
        return switch (path.get(1)) {
            case "search" ->
                only(call, path.size() == 2, "GET", () -> jobs.search(call).now());
            case "summary" ->
                only(call, path.size() == 2, "GET", () -> jobs.summaries().now());
            default -> throw notFound();
        };
    }

    private CompletionStage<Answer> one(Call call) {
        List<String> path = call.path();
        return switch (path.size()) {
            case 2 -> named(call, path.get(1));
            case 3 -> detail(call, path.get(1), path.get(2));
            case 5 -> {
                boolean progress = path.get(2).equals("task") && path.get(4).equals("progress");
                yield only(call, progress, "POST", () -> jobs.progress(path.get(1), path.get(3), call));
            }
            default -> throw notFound();
        };
    }

    private CompletionStage<Answer> named(Call call, String name) {
        return switch (call.method()) {
            case "GET" -> jobs.one(name).now();
            case "PUT", "POST" -> jobs.run(name, call);
            case "DELETE" -> jobs.delete(name);
            default -> throw notAllowed("GET, HEAD, PUT, DELETE");
        };
    }

    /** {@code job/stat/<name>} and its like; and {@code job/<name>/history}, which is ours. */
    private CompletionStage<Answer> detail(Call call, String before, String after) {
        return switch (before) {
            case "stat" -> only(call, true, "GET", () -> jobs.stat(after));
            case "success" -> only(call, true, "PUT", () -> jobs.mark(after, true));
            case "failure", "fail" -> only(call, true, "PUT", () -> jobs.mark(after, false));
            default -> only(call, after.equals("history"), "GET", () -> jobs.past(before));
        };
    }

    private CompletionStage<Answer> task(Call call) {
        List<String> path = call.path();
        if (path.size() == 3 && path.get(1).equals("kill")) {
            return only(call, true, "DELETE", () -> jobs.kill(path.get(2)));
        }
        return only(call, path.size() == 2, "PUT", () -> jobs.told(path.get(1), call));
    }

    private static CompletionStage<Answer> only(
            Call call, boolean there, String method, Supplier<CompletionStage<Answer>> handler) {
        if (!there) {
            throw notFound();
        }
        boolean put = method.equals("POST") && call.method().equals("PUT");
        if (!call.method().equals(method) && !put) {
            throw notAllowed(method.equals("GET") ? "GET, HEAD" : method);
        }
        return handler.get();
    }

    private static Failure notFound() {
        return new Failure(404, "No such path (expected: one of docs/jobs.md)");
    }

    private static Failure notAllowed(String allow) {
        return new Failure(405, "Method not allowed (expected: " + allow + ")");
    }
}
