package io.finback.controlplane.chronosapi;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.finback.controlplane.framework.FrameworkMessage;
import io.finback.controlplane.job.JobCommand;
import io.finback.controlplane.job.JobSettings;
import io.finback.controlplane.schedule.JobLimits;
import io.finback.controlplane.scheduler.DrainBook;
import io.finback.controlplane.service.FakeWorld;
import io.finback.controlplane.service.TestMaster;
import io.finback.persistence.EventFeed;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalInt;

/** One master with a journal in a directory of its own, the jobs API on a free port, and a {@link FakeWorld}. */
final class JobsMaster implements AutoCloseable {
    static final Duration RETRY = Duration.ofMillis(300);
    private static final ObjectMapper MAPPER = new ObjectMapper();

    final ActorSystem<Void> system;
    final String base;
    private final JobsApi api;
    private final HttpClient http = HttpClient.newHttpClient();

    record Reply(int status, String text, HttpResponse<String> raw) {
        JsonNode json() {
            try {
                return MAPPER.readTree(text);
            } catch (IOException e) {
                throw new AssertionError("no JSON: " + text, e);
            }
        }
    }

    JobsMaster(Path data, FakeWorld world) {
        this(data, world, Duration.ofSeconds(5));
        join();
        TestMaster.get(api.ready());
    }

    /** One that is no member of a cluster yet: nobody coordinates its entities. */
    static JobsMaster alone(Path data, FakeWorld world, Duration askTimeout) {
        return new JobsMaster(data, world, askTimeout);
    }

    /** The hosts that are to be left. */
    volatile DrainBook drains = DrainBook.EMPTY;

    private JobsMaster(Path data, FakeWorld world, Duration askTimeout) {
        system = ActorSystem.create(Behaviors.empty(), "finback", TestMaster.config(data));
        ActorRef<FrameworkMessage> framework = system.systemActorOf(world.framework(), "fake-world", Props.empty());
        JobSettings settings = JobSettings.of(
                new JobLimits(Duration.ofSeconds(60), RETRY, 100, 100, OptionalInt.empty()),
                Duration.ofMillis(200),
                Duration.ofSeconds(1),
                askTimeout,
                64 * 1024,
                "");
        api = JobsApi.start(
                system,
                settings,
                () -> EventFeed.of(system).entityIds(JobCommand.KEY.name()),
                framework,
                () -> drains,
                "127.0.0.1:8080",
                io.finback.security.Rules.NONE);
        ServerBinding binding =
                TestMaster.get(Http.get(system).newServerAt("127.0.0.1", 0).bind(api.route()));
        base = "http://127.0.0.1:" + binding.localAddress().getPort();
    }

    void join() {
        Cluster cluster = Cluster.get(system);
        cluster.manager().tell(Join.create(cluster.selfMember().address()));
    }

    Reply get(String path) {
        return send("GET", path, "");
    }

    Reply post(String path, String body) {
        return send("POST", path, body);
    }

    Reply put(String path, String body) {
        return send("PUT", path, body);
    }

    Reply delete(String path) {
        return send("DELETE", path, "");
    }

    Reply send(String method, String path, String body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + path))
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .header("Content-Type", "application/json")
                .timeout(Duration.ofSeconds(15))
                .build();
        return http.sendAsync(request, HttpResponse.BodyHandlers.ofString())
                .thenApply(r -> new Reply(r.statusCode(), r.body(), r))
                .join();
    }

    /** Ends the system at once, without leaving the cluster in order: as much of a crash as one JVM allows. */
    @Override
    public void close() {
        system.terminate();
        TestMaster.get(system.getWhenTerminated());
    }
}
