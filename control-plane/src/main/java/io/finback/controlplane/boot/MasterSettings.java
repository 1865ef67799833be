package io.finback.controlplane.boot;

import com.typesafe.config.Config;
import io.finback.controlplane.agent.AgentSettings;
import io.finback.controlplane.allocation.AllocatorSettings;
import io.finback.controlplane.allocator.OfferPolicy;
import io.finback.controlplane.framework.FrameworkSettings;
import io.finback.controlplane.ingress.Ingress;
import io.finback.controlplane.mesosapi.subscribe.Connections;
import io.finback.controlplane.mesosapi.subscribe.SchedulerApiSettings;
import io.finback.resources.Resources;
import io.finback.runtime.StartFailure;
import io.finback.settings.HttpListen;
import io.finback.settings.SettingsReader;

/** The typed settings of a master's own rooms; the services room has its own. A wrong value is a {@link StartFailure} that names its key. */
record MasterSettings(
        AllocatorSettings allocator,
        FrameworkSettings framework,
        AgentSettings agent,
        HttpListen http,
        Connections.Limits connections,
        SchedulerApiSettings schedulerApi) {

    static MasterSettings from(Config config) {
        SettingsReader master = SettingsReader.of(config, "finback.master");
        try {
            return new MasterSettings(
                    allocator(SettingsReader.of(config, "finback.allocator")),
                    framework(master),
                    agent(master),
                    HttpListen.from(config, "finback.master.http"),
                    connections(SettingsReader.of(config, "finback.master.connections")),
                    schedulerApi(SettingsReader.of(config, "finback.master.scheduler-api")));
        } catch (IllegalArgumentException e) {
            throw new StartFailure(String.valueOf(e.getMessage()), e);
        }
    }

    private static AllocatorSettings allocator(SettingsReader config) {
        return new AllocatorSettings(
                new OfferPolicy(
                        config.duration("offer-timeout"),
                        Resources.thousandths(
                                "finback.allocator.min-offer-cpus", config.doubleIn("min-offer-cpus", 0, 1_000_000)),
                        Resources.thousandths(
                                "finback.allocator.min-offer-mem", config.doubleIn("min-offer-mem", 0, 1e12))),
                config.duration("pass-delay"),
                config.duration("framework-lease"),
                config.duration("view-delay"),
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
                config.intIn("framework-snapshot-every", 1, Integer.MAX_VALUE),
                new Ingress.Settings(
                        config.intIn("framework-max-batch", 1, Integer.MAX_VALUE),
                        config.intIn("framework-max-queue", 1, Integer.MAX_VALUE)));
    }

    private static Connections.Limits connections(SettingsReader config) {
        return new Connections.Limits(
                config.intIn("max", 1, 1_000_000),
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
                config.duration("agent-repeat"),
                config.intIn("agent-max-pending", 1, Integer.MAX_VALUE));
    }
}
