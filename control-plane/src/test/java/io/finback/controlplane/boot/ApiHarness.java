package io.finback.controlplane.boot;

import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.http.javadsl.ServerBinding;
import com.typesafe.config.ConfigFactory;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.mesosapi.ClusterApi;
import io.finback.controlplane.mesosapi.MasterIdentity;
import io.finback.controlplane.mesosapi.subscribe.Connections;
import io.finback.controlplane.mesosapi.subscribe.Gate;
import io.finback.controlplane.mesosapi.subscribe.SchedulerApi;
import io.finback.mesos.v1.Encoding;
import io.finback.security.Guard;
import io.finback.security.Rules;
import io.finback.settings.HttpListen;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** A master's entities and its scheduler API on a port of its own; agents are scripted. */
final class ApiHarness implements AutoCloseable {
    static final String MASTER_ID = "11111111-2222-3333-4444-555555555555";

    final ControlPlaneHarness plane;
    private final MasterSettings settings;
    final Gate gate;
    final SchedulerApi api;
    final int port;

    ApiHarness(Path data, Map<String, Object> overrides) {
        this.plane = new ControlPlaneHarness(data, overrides);
        MasterSettings settings = MasterSettings.from(ConfigFactory.parseMap(overrides)
                .withFallback(plane.system().settings().config()));
        this.settings = settings;
        this.gate = new Gate(settings.connections());
        this.api = api();
        this.port = bind(api);
    }

    private SchedulerApi api() {
        return SchedulerApi.create(
                plane.system(),
                new SchedulerApi.Collaborators(
                        settings.schedulerApi(),
                        () -> new MasterIdentity(MASTER_ID, "127.0.0.1", 5050, "test", Instant.EPOCH),
                        id -> ClusterSharding.get(plane.system()).entityRefFor(SchedulerCall.KEY, id.value()),
                        Set.of(ControlPlaneHarness.FRAMEWORK),
                        Rules.NONE));
    }

    /** The port of another master's API: it shares the entities with this one, and no stream. */
    int another() {
        return bind(api());
    }

    private int bind(SchedulerApi api) {
        try {
            ServerBinding binding = Connections.bind(
                            plane.system(),
                            new HttpListen("127.0.0.1", 0),
                            gate,
                            new Guard(plane.system(), "test", settings.security(), ClusterApi::refusal)
                                    .before(request -> Guard.Door.FRAMEWORK, api::answer))
                    .toCompletableFuture()
                    .get(15, TimeUnit.SECONDS);
            return binding.localAddress().getPort();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    SchedulerClient client(Encoding encoding) {
        return new SchedulerClient(port, encoding);
    }

    @Override
    public void close() {
        plane.close();
    }
}
