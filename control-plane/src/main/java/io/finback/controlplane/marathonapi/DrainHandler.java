package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.app.DrainMessage;
import io.finback.controlplane.app.DrainsSnapshot;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.DrainBook;
import io.finback.controlplane.scheduler.Instance;
import io.finback.controlplane.service.Services;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * {@code /finback/drain}: takes services off hosts without ever falling below what their apps state as available, until the deadline. Runs
 * of jobs have until then to end.
 * Source of the idea: Apache Aurora's {@code slaDrainHosts}.
 */
final class DrainHandler {
    /** As Aurora's. */
    private static final Duration DEADLINE = Duration.ofDays(7);

    private static final int LONGEST_SECONDS = 30 * 24 * 3600;
    private static final int MAX_HOSTS = 1000;

    private final Services services;
    private final Function<String, Map<String, String>> runs;

    DrainHandler(Services services, Function<String, Map<String, String>> runs) {
        this.services = services;
        this.runs = runs;
    }

    /** Body: {@code {"hosts": ["a1"], "deadlineSeconds": 3600}}. */
    CompletionStage<Answer> begin(Request request) {
        JsonNode body = request.json();
        JsonNode names = body.path("hosts");
        if (!names.isArray() || names.isEmpty() || names.size() > MAX_HOSTS) {
            throw ApiFailure.rule("/hosts", "expected: an array of 1 to " + MAX_HOSTS + " host names");
        }
        JsonNode deadline = body.path("deadlineSeconds");
        boolean given = !deadline.isMissingNode() && !deadline.isNull();
        if (given && (!deadline.isInt() || deadline.asInt() < 0 || deadline.asInt() > LONGEST_SECONDS)) {
            throw ApiFailure.rule("/deadlineSeconds", "got " + deadline + ", expected 0 to " + LONGEST_SECONDS);
        }
        Instant now = Instant.now();
        Instant until = now.plus(given ? Duration.ofSeconds(deadline.asInt()) : DEADLINE);
        List<DrainBook.Drain> drains = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            String host = names.get(i).asText("");
            if (!names.get(i).isTextual() || host.isBlank()) {
                throw ApiFailure.rule("/hosts(" + i + ")", "expected: a host name");
            }
            drains.add(new DrainBook.Drain(host, now, until));
        }
        return services.drains(replyTo -> new DrainMessage.Begin(drains, replyTo))
                .thenApply(this::answer);
    }

    CompletionStage<Answer> end(String host) {
        if (!services.view().drains().hosts().containsKey(host)) {
            throw ApiFailure.of(404, "Host '" + host + "' is not drained");
        }
        return services.drains(replyTo -> new DrainMessage.End(List.of(host), replyTo))
                .thenApply(this::answer);
    }

    Answer list() {
        ObjectNode body = Json.object();
        ArrayNode hosts = body.putArray("hosts");
        DrainBook book = services.view().drains();
        List<AppSnapshot> apps = services.view().all();
        for (DrainBook.Drain drain : book.hosts().values()) {
            ObjectNode node = hosts.addObject()
                    .put("host", drain.host())
                    .put("since", Json.time(drain.since()))
                    .put("deadline", Json.time(drain.deadline()));
            ArrayNode left = node.putArray("instances");
            for (AppSnapshot app : apps) {
                app.instances().stream()
                        .filter(i -> i.launched()
                                && i.place()
                                        .filter(p -> p.host().equals(drain.host()))
                                        .isPresent())
                        .forEach(i -> left.add(instance(app, i)));
            }
            Map<String, String> there = runs.apply(drain.host());
            ArrayNode jobs = node.putArray("runs");
            there.forEach((task, job) -> jobs.addObject()
                    .put("job", job)
                    .put("task", task)
                    .put("explanation", "ends by itself, or is ended at the deadline and run again elsewhere"));
            node.put("state", isEmpty(drain.host()) && jobs.isEmpty() ? "DRAINED" : "DRAINING");
        }
        return Answer.ok(body);
    }

    /** Of all there are, also of those that who asks may not see. */
    private boolean isEmpty(String host) {
        return services.whole().all().stream()
                .flatMap(app -> app.instances().stream())
                .noneMatch(i -> i.launched()
                        && i.place().filter(p -> p.host().equals(host)).isPresent());
    }

    private Answer answer(DrainsSnapshot snapshot) {
        if (snapshot.full()) {
            throw ApiFailure.of(
                    403,
                    "too many drained hosts (expected: at most " + DrainBook.MAX_HOSTS
                            + "); DELETE /finback/drain/<host> those that are done");
        }
        return list();
    }

    private static ObjectNode instance(AppSnapshot app, Instance instance) {
        ObjectNode node = Json.object().put("app", app.appId()).put("task", instance.taskId());
        if (instance.doomed()) {
            return node.put("state", "ENDING");
        }
        app.current().ifPresent(version -> {
            AppDefinition definition = version.definition();
            long ready = app.instances().stream().filter(Instance::ready).count();
            long needed = (long)
                    Math.ceil(definition.instances() * definition.upgrade().minimumHealthCapacity());
            node.put("state", "WAITING")
                    .put("ready", ready)
                    .put("needed", needed)
                    .put(
                            "explanation",
                            ready > needed
                                    ? "ends as soon as the app has looked"
                                    : "a replacement has to be ready first: " + ready + " are, " + needed
                                            + " have to stay; GET /finback/queue" + app.appId()
                                            + " says why one waits");
        });
        return node;
    }
}
