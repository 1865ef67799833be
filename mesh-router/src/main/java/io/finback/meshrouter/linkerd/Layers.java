package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.router.Policies;
import io.finback.meshrouter.traffic.ClientPolicy;
import io.finback.meshrouter.traffic.ServicePolicy;
import io.finback.meshrouter.traffic.WireDefaults;
import io.finback.names.Path;
import io.finback.names.PathPattern;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Settings by name: every layer whose pattern matches is applied, later ones over earlier ones, with what the pattern captured. Source:
 * linkerd/linkerd, {@code io.l5d.static}.
 */
record Layers(WireDefaults usual, List<Layer<ClientDraft>> clients, List<Layer<ServiceDraft>> services)
        implements Policies {
    Layers {
        clients = List.copyOf(clients);
        services = List.copyOf(services);
    }

    /** One thing that is set. */
    @FunctionalInterface
    interface Setting<D> {
        void apply(D draft, Map<String, String> captures);
    }

    record Layer<D>(PathPattern prefix, List<Setting<D>> settings) {
        Layer {
            settings = List.copyOf(settings);
        }
    }

    private static <D> D drafted(Supplier<D> fresh, List<Layer<D>> layers, Path path) {
        D draft = fresh.get();
        for (Layer<D> layer : layers) {
            Optional<PathPattern.Match> match = layer.prefix().match(path);
            match.ifPresent(found -> layer.settings().forEach(setting -> setting.apply(draft, found.captures())));
        }
        return draft;
    }

    @Override
    public ClientPolicy client(Path id) {
        return drafted(() -> new ClientDraft(usual.client()), clients, id).policy();
    }

    @Override
    public ServicePolicy service(Path name) {
        return drafted(() -> new ServiceDraft(usual.streams()), services, name).policy();
    }
}
