package io.finback.controlplane.boot;

import akka.actor.typed.ActorSystem;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.http.javadsl.Http;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.server.Directives;
import akka.japi.function.Function;
import com.typesafe.config.Config;
import io.finback.controlplane.allocation.AllocatorMessage;
import io.finback.controlplane.app.SchedulerMessage;
import io.finback.controlplane.chronosapi.JobsApi;
import io.finback.controlplane.console.Console;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.job.JobCommand;
import io.finback.controlplane.job.JobEntity;
import io.finback.controlplane.marathonapi.ServicesApi;
import io.finback.controlplane.namerdapi.NamerdApi;
import io.finback.controlplane.naming.DtabMessage;
import io.finback.controlplane.service.ArtifactSettings;
import io.finback.controlplane.service.CallbackSettings;
import io.finback.controlplane.service.EventSettings;
import io.finback.controlplane.service.ServicesSettings;
import io.finback.persistence.EventFeed;
import io.finback.resources.RoleName;
import io.finback.runtime.StartFailure;
import io.finback.runtime.Version;
import io.finback.security.Guard;
import io.finback.settings.HttpListen;
import io.finback.settings.SettingsReader;
import io.finback.tls.NodeTls;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;

/** Starts the services half of a master: apps, deployments, jobs, their schedulers, and their APIs on {@code finback.services.http}. */
final class ServicesBoot implements ServicesStarter {
    private static final Duration DRAIN = Duration.ofSeconds(5);
    private static final Duration OPERATE = Duration.ofSeconds(5);
    private static final Duration SHORTEST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofHours(1);
    private static final long MIN_BODY = 1024;
    private static final long MAX_ARTIFACT = 10L * 1024 * 1024 * 1024;
    private static final long MAX_BODY = 64L * 1024 * 1024;

    static HttpListen listen(Config config) {
        return HttpListen.from(config, "finback.services.http");
    }

    @Override
    public CompletionStage<Void> start(ActorSystem<?> system, Config config, Guard guard, Console console) {
        HttpListen listen = listen(config);
        AtomicReference<java.util.function.Function<String, Map<String, String>>> runs =
                new AtomicReference<>(host -> Map.of());
        ServicesApi api = ServicesApi.start(
                system,
                settings(config, listen),
                EventFeed.of(system)::entityIds,
                ClusterSharding.get(system).entityRefFor(SchedulerCall.KEY, SchedulerMessage.FRAMEWORK.value()),
                command -> ClusterSharding.get(system)
                        .entityRefFor(AllocatorMessage.KEY, AllocatorMessage.POOL)
                        .ask(replyTo -> new AllocatorMessage.Operate(command, replyTo), OPERATE),
                host -> runs.get().apply(host),
                guard);
        JobsApi jobs = JobsApi.start(
                system,
                JobsConfig.from(config),
                () -> EventFeed.of(system).entityIds(JobCommand.KEY.name()),
                ClusterSharding.get(system).entityRefFor(SchedulerCall.KEY, JobEntity.FRAMEWORK.value()),
                api::drains,
                listen.toString(),
                guard);
        runs.set(jobs::on);
        NamerdApi namerd = NamerdApi.start(
                system, NamerdConfig.from(config), () -> EventFeed.of(system).entityIds(DtabMessage.KEY.name()), guard);
        Function<HttpRequest, CompletionStage<HttpResponse>> handler =
                Directives.concat(jobs.route(), namerd.route(), api.route()).handler(system);
        return NodeTls.secured(Http.get(system).newServerAt(listen.host(), listen.port()), config)
                .adaptSettings(server -> server.withRemoteAddressAttribute(true)) // events name who asked
                .bind(
                        Farewell.of(system, config)
                                .before(TracedApi.before(
                                        system,
                                        "services",
                                        console.atServices(guard.before(
                                                MasterDoors::services, request -> answer(handler, request)))))::apply)
                .handle((binding, failure) -> {
                    if (failure != null) {
                        throw new CompletionException(new StartFailure(
                                "finback.services.http: cannot listen on " + listen
                                        + "; stop what uses the port or set finback.services.http.port",
                                failure));
                    }
                    var unused = binding.addToCoordinatedShutdown(DRAIN, system);
                    return api;
                })
                .thenCompose(ServicesApi::ready)
                .thenCompose(done -> jobs.ready())
                .thenCompose(done -> namerd.ready());
    }

    private static CompletionStage<HttpResponse> answer(
            Function<HttpRequest, CompletionStage<HttpResponse>> handler, HttpRequest request) {
        try {
            return handler.apply(request);
        } catch (Exception e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** In Marathon's words. */
    static HttpResponse refusal(int status, String reason) {
        String message =
                switch (status) {
                    case 401 -> "Invalid username or password.";
                    case 403 -> "Not Authorized to perform this action!";
                    default -> reason;
                };
        return HttpResponse.create()
                .withStatus(status)
                .withEntity(ContentTypes.APPLICATION_JSON, "{\"message\":\"" + message + "\"}");
    }

    private static String role(String text) {
        RoleName.problem(text).ifPresent(why -> {
            throw new IllegalArgumentException(why);
        });
        return text;
    }

    static ServicesSettings settings(Config config, HttpListen listen) {
        SettingsReader services = SettingsReader.of(config, "finback.services");
        // What clients are told is where they can reach it: a container listens on all interfaces.
        HttpListen reached = new HttpListen(listen.reachedAt(config), listen.port());
        return ServicesSettings.draft(reached.toString(), Version.current())
                .pace(
                        services.duration("repeat", SHORTEST, LONGEST),
                        services.duration("drain-delay", Duration.ZERO, LONGEST),
                        services.duration("listen-wait", Duration.ZERO, LONGEST),
                        services.duration("refuse", SHORTEST, LONGEST))
                .requests(
                        services.duration("ask-timeout", SHORTEST, LONGEST),
                        services.bytes("max-body", MIN_BODY, MAX_BODY),
                        services.intIn("max-deployments", 1, 1_000_000))
                .events(new EventSettings(
                        services.intIn("events.kept", 0, 1_000_000),
                        services.intIn("events.buffer", 16, 1_000_000),
                        services.intIn("events.readers", 1, 100_000),
                        services.duration("events.heartbeat", SHORTEST, LONGEST)))
                .looks(services.intIn("health-checks", 1, 100_000))
                .callbacks(new CallbackSettings(
                        services.intIn("callbacks.max", 0, 10_000),
                        services.intIn("callbacks.queue", 1, 1_000_000),
                        services.intIn("callbacks.attempts", 1, 20),
                        services.duration("callbacks.retry", SHORTEST, LONGEST),
                        services.duration("callbacks.timeout", SHORTEST, LONGEST)))
                .artifacts(new ArtifactSettings(
                        services.optionalText("artifacts.directory").map(Path::of),
                        services.bytes("artifacts.max-file", MIN_BODY, MAX_ARTIFACT),
                        services.intIn("artifacts.max-files", 1, 1_000_000)))
                .losses(
                        services.duration("maintenance-ahead", Duration.ZERO, LONGEST),
                        services.intIn("replace-burst", 1, 1_000_000),
                        services.intIn("replace-per-second", 1, 1_000_000),
                        services.duration("preemption-delay", SHORTEST, LONGEST))
                .role(services.parsed("role", "a role's name, or *", ServicesBoot::role))
                .groupsEnforceRole(services.flag("groups-enforce-role"))
                .done();
    }
}
