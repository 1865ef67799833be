package io.finback.controlplane.boot;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.http.javadsl.Http;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.allocation.OperatorReply;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.marathonapi.ServicesApi;
import io.finback.controlplane.service.ServicesSettings;
import io.finback.persistence.EventFeed;
import io.finback.security.Rules;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Calls to an API at a port of this machine, and the services API of a {@link ControlPlaneHarness} to send them to. */
final class ServedServices {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private ServedServices() {}

    /** The services API; everybody is nobody there. Returns its port. */
    static int serve(ControlPlaneHarness harness, Rules rules) throws Exception {
        var sharding = ClusterSharding.get(harness.system());
        ServicesApi api = ServicesApi.start(
                harness.system(),
                ServicesSettings.draft("127.0.0.1:1", "0.1.0").done(),
                EventFeed.of(harness.system())::entityIds,
                sharding.entityRefFor(SchedulerCall.KEY, SchedulerMessage.FRAMEWORK.value()),
                command -> sharding.entityRefFor(AllocatorMessage.KEY, AllocatorMessage.POOL)
                        .ask(
                                (ActorRef<OperatorReply> replyTo) -> new AllocatorMessage.Operate(command, replyTo),
                                Duration.ofSeconds(5)),
                host -> Map.of(),
                rules);
        int port = Http.get(harness.system())
                .newServerAt("127.0.0.1", 0)
                .bind(api.route())
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS)
                .localAddress()
                .getPort();
        api.ready().toCompletableFuture().get(30, TimeUnit.SECONDS);
        return port;
    }

    /** {@code who}: {@code name:secret}; empty: nobody. */
    static HttpResponse<String> ask(int port, String method, String path, String who, String body)
            throws IOException, InterruptedException {
        HttpRequest.BodyPublisher sent =
                body.isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
        return HTTP.send(request(port, path, who).method(method, sent).build(), HttpResponse.BodyHandlers.ofString());
    }

    /** As above, with whatever else it shall have. */
    static HttpRequest.Builder request(int port, String path, String who) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Content-Type", "application/json");
        if (!who.isEmpty()) {
            String pair = Base64.getEncoder().encodeToString(who.getBytes(StandardCharsets.UTF_8));
            request.header("Authorization", "Basic " + pair);
        }
        return request;
    }
}
