package io.finback.controlplane.boot;

import com.typesafe.config.Config;
import io.finback.controlplane.agent.AgentSettings;
import io.finback.controlplane.allocation.AllocatorSettings;
import io.finback.controlplane.allocation.RemovalRate;
import io.finback.controlplane.allocator.OfferPolicy;
import io.finback.controlplane.framework.FrameworkSettings;
import io.finback.controlplane.ingress.Ingress;
import io.finback.resources.Resources;
import io.finback.runtime.StartFailure;
import io.finback.settings.HttpListen;
import io.finback.settings.SettingsReader;
import java.util.Optional;

/** The typed settings of a master's own rooms; the services room has its own. A wrong value is a {@link StartFailure} that names its key. */
record MasterSettings(AllocatorSettings allocator, FrameworkSettings framework, AgentSettings agent, HttpListen http) {

    static MasterSettings from(Config config) {
        SettingsReader master = SettingsReader.of(config, "finback.master");
        try {
            return new MasterSettings(
                    allocator(SettingsReader.of(config, "finback.allocator"), master.text("agent-removal-rate-limit")),
                    framework(master),
                    agent(master),
                    HttpListen.from(config, "finback.master.http"));
        } catch (IllegalArgumentException e) {
            throw new StartFailure(String.valueOf(e.getMessage()), e);
        }
    }

    private static AllocatorSettings allocator(SettingsReader config, String removalRate) {
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
                config.intIn("framework-snapshot-every", 1, Integer.MAX_VALUE),
                new Ingress.Settings(
                        config.intIn("framework-max-batch", 1, Integer.MAX_VALUE),
                        config.intIn("framework-max-queue", 1, Integer.MAX_VALUE)));
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
