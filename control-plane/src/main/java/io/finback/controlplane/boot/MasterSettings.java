package io.finback.controlplane.boot;

import com.typesafe.config.Config;
import io.finback.controlplane.agent.AgentSettings;
import io.finback.controlplane.allocation.AllocatorSettings;
import io.finback.controlplane.allocator.OfferPolicy;
import io.finback.controlplane.framework.FrameworkSettings;
import io.finback.controlplane.ingress.Ingress;
import io.finback.resources.Resources;

/** The typed settings of a master's own rooms; the services room has its own. A wrong value throws and names its key. */
record MasterSettings(
        AllocatorSettings allocator, FrameworkSettings framework, AgentSettings agent, String httpHost, int httpPort) {

    static MasterSettings from(Config config) {
        Config master = config.getConfig("finback.master");
        return new MasterSettings(
                allocator(config.getConfig("finback.allocator")),
                framework(master),
                agent(master),
                master.getString("http.host"),
                master.getInt("http.port"));
    }

    private static AllocatorSettings allocator(Config config) {
        return new AllocatorSettings(
                new OfferPolicy(
                        config.getDuration("offer-timeout"),
                        Resources.thousandths("finback.allocator.min-offer-cpus", config.getDouble("min-offer-cpus")),
                        Resources.thousandths("finback.allocator.min-offer-mem", config.getDouble("min-offer-mem"))),
                config.getDuration("pass-delay"),
                config.getDuration("framework-lease"),
                config.getDuration("view-delay"),
                config.getInt("snapshot-every"),
                new Ingress.Settings(config.getInt("max-batch"), config.getInt("max-queue")));
    }

    private static FrameworkSettings framework(Config config) {
        return new FrameworkSettings(
                config.getDuration("repeat"),
                config.getDuration("update-repeat"),
                config.getDuration("update-repeat-max"),
                config.getDuration("view-delay"),
                config.getInt("framework-snapshot-every"),
                new Ingress.Settings(config.getInt("framework-max-batch"), config.getInt("framework-max-queue")));
    }

    private static AgentSettings agent(Config config) {
        return new AgentSettings(
                config.getDuration("agent-heartbeat"),
                config.getDuration("agent-silent-after"),
                config.getDuration("agent-unreachable-after"),
                config.getDuration("agent-repeat"),
                config.getInt("agent-max-pending"));
    }
}
