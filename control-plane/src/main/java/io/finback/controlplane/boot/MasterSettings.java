package io.finback.controlplane.boot;

import com.typesafe.config.Config;
import io.finback.controlplane.agent.AgentSettings;
import io.finback.controlplane.allocation.AllocatorSettings;
import io.finback.controlplane.allocation.RemovalRate;
import io.finback.controlplane.allocator.OfferPolicy;
import io.finback.controlplane.framework.FrameworkSettings;
import io.finback.controlplane.ingress.Ingress;
import io.finback.controlplane.mesosapi.ClusterApiSettings;
import io.finback.controlplane.mesosapi.MasterIdentity;
import io.finback.controlplane.mesosapi.subscribe.Connections;
import io.finback.controlplane.mesosapi.subscribe.SchedulerApiSettings;
import io.finback.resources.FaultDomain;
import io.finback.resources.Resources;
import io.finback.runtime.StartFailure;
import io.finback.runtime.Version;
import io.finback.security.SecuritySettings;
import io.finback.settings.DomainSettings;
import io.finback.settings.HttpListen;
import io.finback.settings.SettingsReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/** The typed settings of a master's own rooms; the services room has its own. A wrong value is a {@link StartFailure} that names its key. */
record MasterSettings(
        AllocatorSettings allocator,
        FrameworkSettings framework,
        AgentSettings agent,
        HttpListen http,
        Connections.Limits connections,
        SchedulerApiSettings schedulerApi,
        ClusterApiSettings api,
        SecuritySettings security) {

    static MasterSettings from(Config config) {
        SettingsReader master = SettingsReader.of(config, "finback.master");
        try {
            return new MasterSettings(
                    allocator(
                            SettingsReader.of(config, "finback.allocator"),
                            master.text("agent-removal-rate-limit"),
                            DomainSettings.from(config, "finback.master.domain")),
                    framework(master),
                    agent(master),
                    HttpListen.from(config, "finback.master.http"),
                    connections(SettingsReader.of(config, "finback.master.connections")),
                    schedulerApi(SettingsReader.of(config, "finback.master.scheduler-api")),
                    api(SettingsReader.of(config, "finback.master.api")),
                    SecuritySettings.from(config));
        } catch (IllegalArgumentException e) {
            throw new StartFailure(String.valueOf(e.getMessage()), e);
        }
    }

    private static AllocatorSettings allocator(
            SettingsReader config, String removalRate, Optional<FaultDomain> domain) {
        return new AllocatorSettings(
                new OfferPolicy(
                        config.duration("offer-timeout"),
                        Resources.thousandths(
                                "finback.allocator.min-offer-cpus", config.doubleIn("min-offer-cpus", 0, 1_000_000)),
                        Resources.thousandths(
                                "finback.allocator.min-offer-mem", config.doubleIn("min-offer-mem", 0, 1e12)),
                        domain.map(FaultDomain::region),
                        config.flag("filter-gpu-resources"),
                        Set.copyOf(config.texts("unshared-scalars"))),
                config.duration("pass-delay"),
                config.duration("framework-lease"),
                config.duration("view-delay"),
                config.duration("repeat"),
                removalRate.equals("none") ? Optional.empty() : Optional.of(RemovalRate.parse(removalRate)),
                config.intIn("snapshot-every", 1, Integer.MAX_VALUE),
                new Ingress.Settings(
                        config.intIn("max-batch", 1, Integer.MAX_VALUE),
                        config.intIn("max-queue", 1, Integer.MAX_VALUE)));
    }

    private static FrameworkSettings framework(SettingsReader config) {
        return new FrameworkSettings(
                config.duration("repeat"),
                config.duration("update-repeat"),
                config.duration("update-repeat-max"),
                config.duration("view-delay"),
                config.duration("framework-return-grace", Duration.ZERO, Duration.ofDays(365)),
                config.intIn("framework-max-tasks", 1, Integer.MAX_VALUE),
                config.intIn("accept-max-tasks", 1, Integer.MAX_VALUE),
                config.intIn("framework-snapshot-every", 1, Integer.MAX_VALUE),
                new Ingress.Settings(
                        config.intIn("framework-max-batch", 1, Integer.MAX_VALUE),
                        config.intIn("framework-max-queue", 1, Integer.MAX_VALUE)));
    }

    private static Connections.Limits connections(SettingsReader config) {
        return new Connections.Limits(
                config.intIn("max", 1, 1_000_000),
                config.intIn("max-per-client", 1, 1_000_000),
                config.duration("idle-timeout"),
                config.duration("request-timeout"),
                config.bytes("max-drained", 1024, Long.MAX_VALUE));
    }

    private static SchedulerApiSettings schedulerApi(SettingsReader config) {
        return new SchedulerApiSettings(
                config.duration("heartbeat"),
                config.duration("ask-timeout"),
                config.bytes("max-body", 1024, Integer.MAX_VALUE),
                config.bytes("max-bodies", 1024, Long.MAX_VALUE),
                config.duration("body-timeout"),
                config.intIn("max-values", 1, Integer.MAX_VALUE),
                config.intIn("max-streams", 1, 1_000_000),
                config.intIn("buffer-events", 1, 10_000_000),
                config.bytes("buffer-bytes", 1024, Long.MAX_VALUE));
    }

    private static AgentSettings agent(SettingsReader config) {
        return new AgentSettings(
                config.duration("agent-heartbeat"),
                config.duration("agent-silent-after"),
                config.duration("agent-unreachable-after"),
                config.duration("agent-return-within"),
                config.duration("agent-repeat"),
                config.intIn("agent-max-pending", 1, Integer.MAX_VALUE));
    }

    private static ClusterApiSettings api(SettingsReader config) {
        return new ClusterApiSettings(
                config.intIn("max-reads", 1, 1_000_000),
                config.bytes("max-body", 1024, Integer.MAX_VALUE),
                config.duration("ask-timeout"),
                config.intIn("events.max-subscribers", 1, 1_000_000),
                config.intIn("events.kept", 1, 100_000_000),
                config.intIn("max-files", 1, 10_000),
                Optional.of(config.text("log").strip())
                        .filter(log -> !log.isEmpty())
                        .map(Path::of));
    }

    /** This start of this master, at an address others can reach. */
    static MasterIdentity identity(Config config, int port, Instant now) {
        String host = HttpListen.from(config, "finback.master.http").reachedAt(config);
        return new MasterIdentity(UUID.randomUUID().toString(), host, port, Version.current(), now);
    }

    /** What operators of Mesos ask {@code /flags} for, as far as there is something like it here; no secrets. */
    static SortedMap<String, String> flags(Config config) {
        SettingsReader master = SettingsReader.of(config, "finback.master");
        SettingsReader allocator = SettingsReader.of(config, "finback.allocator");
        SortedMap<String, String> flags = new TreeMap<>();
        flags.put("ip", config.getString("finback.master.http.host"));
        flags.put("port", config.getString("finback.master.http.port"));
        flags.put("hostname", config.getString("finback.cluster.host"));
        flags.put("work_dir", config.getString("finback.data-dir"));
        flags.put("registry", config.getString("finback.persistence.profile"));
        flags.put("offer_timeout", secs(allocator.duration("offer-timeout")));
        flags.put("allocation_interval", secs(allocator.duration("pass-delay")));
        flags.put(
                "min_allocatable_resources",
                "cpus:" + allocator.doubleIn("min-offer-cpus", 0, 1e9) + "|mem:"
                        + allocator.doubleIn("min-offer-mem", 0, 1e12));
        flags.put("agent_ping_timeout", secs(master.duration("agent-heartbeat")));
        flags.put("agent_reregister_timeout", secs(master.duration("agent-unreachable-after")));
        flags.put("agent_removal_rate_limit", master.text("agent-removal-rate-limit"));
        flags.put("max_completed_frameworks", "50");
        flags.put("max_completed_tasks_per_framework", "1000");
        flags.put(
                "max_operator_event_stream_subscribers",
                Integer.toString(master.intIn("api.events.max-subscribers", 1, Integer.MAX_VALUE)));
        flags.put("role_sorter", "drf");
        flags.put("framework_sorter", "drf");
        flags.put("authenticate_agents", "false");
        flags.put("authenticate_frameworks", "false");
        SettingsReader security = SettingsReader.of(config, "finback.security");
        flags.put("authenticate_http_frameworks", Boolean.toString(security.flag("authenticate-frameworks")));
        flags.put("authenticate_http_readonly", Boolean.toString(security.flag("authenticate-reads")));
        flags.put("authenticate_http_readwrite", Boolean.toString(security.flag("authenticate-writes")));
        return flags;
    }

    private static String secs(Duration duration) {
        return duration.toMillis() % 1000 == 0 ? duration.toSeconds() + "secs" : duration.toMillis() + "ms";
    }
}
