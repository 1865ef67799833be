package io.finback.controlplane.mesosapi;

import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.core.JsonGenerator;
import io.finback.controlplane.allocator.Explanation;
import io.finback.controlplane.view.SeenBy;
import io.finback.resources.AgentId;
import io.finback.resources.FrameworkId;
import io.finback.security.Action;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * {@code GET /finback/offers/explain?role=&framework_id=}: why a role, or one framework in it, is offered nothing. The only read that asks
 * the allocator, whose passes alone know; so one is asked at a time, and not more often than {@link #INTERVAL} on each master.
 */
final class ExplainEndpoint {
    private static final Duration INTERVAL = Duration.ofMillis(200);

    private final OperatorCommands commands;
    private final Clock clock;
    private final Reads reads;
    private Instant next = Instant.MIN;
    private boolean asking;

    ExplainEndpoint(OperatorCommands commands, Clock clock, Reads reads) {
        this.commands = commands;
        this.clock = clock;
        this.reads = reads;
    }

    CompletionStage<HttpResponse> answer(HttpRequest request) {
        Query query = Query.of(request.getUri());
        String role = query.text("role").orElseThrow(() -> ApiFailure.badRequest("role: missing (expected: a role)"));
        Optional<FrameworkId> framework =
                query.text("framework_id").map(id -> OperatorWrites.valid(() -> FrameworkId.of(id)));
        reads.require(request, Action.VIEW_ROLE, role);
        if (!SeenBy.isWholeOfWork(reads.sight(request))) {
            throw ApiFailure.of(
                    403,
                    "reasons name whoever has what is wanted (expected: somebody who may view all frameworks, tasks, executors and roles)");
        }
        begin();
        CompletionStage<Explanation> asked;
        try {
            asked = commands.explain(role, framework);
        } catch (RuntimeException e) {
            end();
            throw e;
        }
        return asked.whenComplete((done, failure) -> end())
                .thenApply(explanation -> Answers.json(write(explanation), request, query));
    }

    private synchronized void begin() {
        Instant now = clock.instant();
        if (asking || now.isBefore(next)) {
            throw ApiFailure.of(429, "somebody asks already (expected: one question at a time, five a second at most)");
        }
        asking = true;
        next = now.plus(INTERVAL);
    }

    private synchronized void end() {
        asking = false;
    }

    private static Rope write(Explanation explanation) {
        return JsonRope.of(to -> {
            JsonGenerator json = to.json();
            json.writeStartObject();
            json.writeStringField("role", explanation.role());
            write("general", explanation.general(), json);
            json.writeArrayFieldStart("frameworks");
            for (Explanation.OfFramework framework : explanation.frameworks()) {
                json.writeStartObject();
                json.writeStringField("framework_id", framework.framework().value());
                json.writeNumberField("offers", framework.offers());
                write("reasons", framework.reasons(), json);
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeNumberField("more_frameworks", explanation.moreFrameworks());
            json.writeEndObject();
        });
    }

    private static void write(String name, List<Explanation.Reason> reasons, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart(name);
        for (Explanation.Reason reason : reasons) {
            json.writeStartObject();
            json.writeStringField("why", reason.why().name());
            json.writeStringField("text", reason.text());
            json.writeNumberField("agents", reason.agents());
            if (reason.until().isPresent()) {
                json.writeStringField("until", reason.until().get().toString());
            }
            json.writeArrayFieldStart("examples");
            for (AgentId agent : reason.examples()) {
                json.writeString(agent.value());
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
