package io.finback.nodeagent.image;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Finds an image by its name: in the directories of local images, then in a registry. Thread-safe. */
final class ImageFinder {
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
    private static final String HUB_HOST = "registry-1.docker.io";

    private final ImageSettings settings;
    private final HttpClient http = HttpClient.newBuilder()
            .connectTimeout(CONNECT_LIMIT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    ImageFinder(ImageSettings settings) {
        this.settings = settings;
    }

    /** Who asked closes it. */
    ImageSource open(Reference name, Optional<String> config, Path sandbox) throws IOException, ImageFailure {
        Optional<Path> local = local(name);
        if (local.isPresent()) {
            return LocalImage.open(local.get(), name);
        }
        URI registry = registry(name)
                .orElseThrow(
                        () -> new ImageFailure(
                                "in none of " + settings.directories()
                                        + " (finback.agent.images.directories), and no registry is named (finback.agent.images.registry)"));
        String host = registry.getAuthority();
        boolean hub = HUB_HOST.equals(host);
        Optional<RegistryLogin> login;
        try {
            login = RegistryLogin.find(config, sandbox, settings.config(), hub ? RegistryLogin.DOCKER_HUB : host);
        } catch (IOException | IllegalArgumentException e) {
            throw new ImageFailure("the credentials for " + host + " cannot be read", e);
        }
        String path = hub && name.path().indexOf('/') < 0 ? "library/" + name.path() : name.path();
        return RegistryImage.open(new RegistryClient(http, registry, path, login, settings.answerWithin()), name);
    }

    /** {@code <directory>/<path>:<tag>} as a directory or with {@code .tar} behind; a name has no {@code ..} in it. */
    private Optional<Path> local(Reference name) {
        for (Path directory : settings.directories()) {
            for (Path place : new Path[] {
                directory.resolve(name.fileName()),
                directory.resolve(name.fileName() + ".tar"),
                directory.resolve(name.path())
            }) {
                boolean layout = Files.isRegularFile(place.resolve("index.json"))
                        || Files.isRegularFile(place.resolve("manifest.json"));
                if (layout || Files.isRegularFile(place)) {
                    return Optional.of(place);
                }
            }
        }
        return Optional.empty();
    }

    private Optional<URI> registry(Reference name) {
        if (name.host().isEmpty()) {
            return settings.registry();
        }
        String host = name.host().get();
        if (host.equals("docker.io") || host.equals("index.docker.io")) {
            return Optional.of(URI.create("https://" + HUB_HOST));
        }
        return Optional.of(URI.create((plain(host) ? "http://" : "https://") + host));
    }

    private boolean plain(String authority) {
        if (settings.insecure().contains(authority)) {
            return true;
        }
        String host = authority.replaceFirst(":[0-9]+$", "");
        boolean numeric = host.matches("[0-9.]+") || host.equals("localhost");
        try {
            return numeric && InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
