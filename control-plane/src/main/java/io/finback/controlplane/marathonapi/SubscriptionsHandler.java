package io.finback.controlplane.marathonapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.controlplane.app.CallbackMessage;
import io.finback.controlplane.app.EventIds;
import io.finback.controlplane.app.ServiceEvent;
import io.finback.controlplane.service.Services;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** {@code /v2/eventSubscriptions} of Marathon up to 1.4: events are posted to URLs. */
final class SubscriptionsHandler {
    private static final int MAX_URL = 2048;
    private static final String EXPECTED =
            "expected: an absolute http or https URL of at most " + MAX_URL + " characters";

    private final Services services;

    SubscriptionsHandler(Services services) {
        this.services = services;
    }

    CompletionStage<Answer> list() {
        return services.callbacks(CallbackMessage.Read::new).thenApply(answer -> {
            ObjectNode body = Json.object();
            ArrayNode urls = body.putArray("callbackUrls");
            answer.urls().forEach(urls::add);
            return Answer.ok(body);
        });
    }

    CompletionStage<Answer> subscribe(Request request) {
        String url = url(request);
        return services.callbacks(replyTo -> new CallbackMessage.Subscribe(url, replyTo))
                .thenApply(answer -> {
                    if (answer.full()) {
                        throw ApiFailure.of(
                                422,
                                "There are " + answer.urls().size()
                                        + " callback URLs, as many as finback.services.callbacks.max allows;"
                                        + " unsubscribe one that is not needed");
                    }
                    return told(request, url, true);
                });
    }

    CompletionStage<Answer> unsubscribe(Request request) {
        String url = url(request);
        return services.callbacks(replyTo -> new CallbackMessage.Unsubscribe(url, replyTo))
                .thenApply(answer -> told(request, url, false));
    }

    private Answer told(Request request, String url, boolean subscribed) {
        Instant now = Instant.now();
        ServiceEvent event =
                new ServiceEvent.CallbackChanged(EventIds.next(now), now, request.clientIp(), url, subscribed);
        services.publish(event);
        return Answer.ok(EventWriter.json(event));
    }

    private static String url(Request request) {
        List<String> given = request.query().getOrDefault("callbackUrl", List.of());
        if (given.size() != 1) {
            throw ApiFailure.rule("/callbackUrl", "is given " + given.size() + " times (expected: once)");
        }
        String url = given.get(0);
        try {
            URI uri = new URI(url);
            boolean http = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
            if (!http || uri.getHost() == null || url.length() > MAX_URL) {
                throw ApiFailure.rule("/callbackUrl", "'" + shortened(url) + "' (" + EXPECTED + ")");
            }
        } catch (URISyntaxException e) {
            throw ApiFailure.rule("/callbackUrl", "'" + shortened(url) + "' (" + EXPECTED + ")");
        }
        return url;
    }

    private static String shortened(String url) {
        return url.length() <= MAX_URL ? url : url.substring(0, 80) + "…";
    }
}
