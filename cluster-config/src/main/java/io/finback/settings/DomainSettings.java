package io.finback.settings;

import com.typesafe.config.Config;
import io.finback.resources.FaultDomain;
import java.util.Optional;

/** The fault domain of a node: {@code <path> { region, zone }}. */
public final class DomainSettings {
    private DomainSettings() {}

    /** Empty when neither is given; a {@link io.finback.runtime.StartFailure} that names the key when only one is. */
    public static Optional<FaultDomain> from(Config config, String path) {
        SettingsReader reader = SettingsReader.of(config, path);
        String region = reader.text("region").strip();
        String zone = reader.text("zone").strip();
        if (region.isEmpty() != zone.isEmpty()) {
            throw reader.refuse(region.isEmpty() ? "region" : "zone", "region and zone, or neither");
        }
        return region.isEmpty() ? Optional.empty() : Optional.of(new FaultDomain(region, zone));
    }
}
