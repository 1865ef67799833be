package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.linkerd.Layers.Setting;
import io.finback.meshrouter.traffic.Tls;
import io.finback.names.PathPattern;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The {@code tls} blocks of clients, servers and the admin server. Files are read here, so that a bad one stops the start. */
final class TlsReader {
    private TlsReader() {}

    static Optional<Tls.Server> server(Block block, boolean h2) {
        boolean enabled = block.flag("enabled").orElse(true);
        Path cert = Path.of(block.required("certPath", "a PEM file"));
        Path key = Path.of(block.required("keyPath", "a PEM file"));
        Optional<Path> intermediates = block.text("intermediateCertsPath").map(Path::of);
        Optional<Path> trusted = block.text("caCertPath").map(Path::of);
        boolean demand = block.flag("requireClientAuth").orElse(false);
        List<String> protocols = block.texts("protocols");
        block.refuse("ciphers", "the platform chooses");
        block.end();
        return enabled
                ? Optional.of(block.checked(
                        "certPath", () -> Tls.Server.of(cert, key, intermediates, trusted, demand, protocols, h2)))
                : Optional.empty();
    }

    /** {@code tls} of a client with nothing to capture from; empty without it, and when it is not enabled. */
    static Optional<Tls.Client> alone(Block owner, boolean h2) {
        return owner.block("tls").flatMap(block -> read(block, h2).apply(Map.of()));
    }

    static Setting<ClientDraft> client(Block block, boolean h2) {
        Function<Map<String, String>, Optional<Tls.Client>> read = read(block, h2);
        return (draft, captures) -> draft.tls = read.apply(captures);
    }

    /** What a client has, by what its prefix has captured. */
    private static Function<Map<String, String>, Optional<Tls.Client>> read(Block block, boolean h2) {
        boolean enabled = block.flag("enabled").orElse(true);
        boolean insecure = block.flag("disableValidation").orElse(false);
        Optional<String> commonName = block.text("commonName");
        List<Path> trusted =
                new ArrayList<>(block.texts("trustCerts").stream().map(Path::of).toList());
        block.text("trustCertsBundle").map(Path::of).ifPresent(trusted::add);
        Optional<Tls.Identity> identity = block.block("clientAuth").map(auth -> {
            Tls.Identity mine = new Tls.Identity(
                    Path.of(auth.required("certPath", "a PEM file")),
                    Path.of(auth.required("keyPath", "a PEM file")),
                    auth.text("intermediateCertsPath").map(Path::of));
            auth.end();
            return mine;
        });
        List<String> protocols = block.texts("protocols");
        block.refuse("ciphers", "the platform chooses");
        if (insecure && identity.isPresent()) {
            throw block.wrong("clientAuth", "cannot be together with disableValidation (expected: one of them)");
        }
        if (enabled && !insecure && commonName.isEmpty()) {
            throw block.wrong("commonName", "is missing (expected: the name in certificates, or disableValidation)");
        }
        block.end();
        if (!enabled) {
            return captures -> Optional.empty();
        }
        Tls.Client client = block.checked(
                "trustCerts", () -> Tls.Client.of(commonName, insecure, trusted, identity, protocols, h2));
        return captures -> Optional.of(
                commonName.isPresent() && !insecure
                        ? client.named(PathPattern.interpolate(commonName.get(), captures))
                        : client);
    }
}
