package io.finback.meshrouter.namers;

import com.fasterxml.jackson.databind.JsonNode;
import io.finback.names.Address;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * {@code io.l5d.marathon}: the longest known app id is the name, the rest the residual. The ids, and the tasks of each app that is asked for,
 * are read every {@code ttl}. Source: linkerd/linkerd namer/marathon.
 */
public final class MarathonNamer implements NameSource {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /**
     * What is asked, and how.
     *
     * @param uriPrefix before {@code /v2}, such as {@code /marathon}; may be empty
     * @param ttl how often
     * @param useHealthCheck whether only tasks count whose health checks all succeed
     */
    public record Options(Origin origin, String uriPrefix, Duration ttl, boolean useHealthCheck) {}

    private final Path prefix;
    private final Options options;
    private final Streams streams;
    private final Watches<String, Optional<Set<Path>>> ids;
    private final Watches<String, Optional<List<Address>>> apps;

    private MarathonNamer(Path prefix, Options options, Streams streams, Changes changes) {
        this.prefix = prefix;
        this.options = options;
        this.streams = streams;
        this.ids = new Watches<>("marathon apps", 1, changes, v -> false, (key, tell) -> watchIds(tell, changes));
        this.apps = new Watches<>("marathon app", WatchingNamer.LIMIT, changes, Optional::isEmpty, this::watchApp);
    }

    public static NameSource start(Path prefix, Options options, Streams streams, Changes changes) {
        return new MarathonNamer(prefix, options, streams, changes);
    }

    @Override
    public Path prefix() {
        return prefix;
    }

    @Override
    public NameTree<Name> lookup(Path path) {
        if (!path.startsWith(prefix) || path.size() == prefix.size()) {
            return NameTree.neg();
        }
        Set<Path> known = ids.get("all").orElse(Set.of());
        for (int length = path.size(); length > prefix.size(); length--) {
            if (known.contains(path.take(length).drop(prefix.size()))) {
                Path id = path.take(length);
                Optional<List<Address>> there = apps.get(id.drop(prefix.size()).show());
                return there.isPresent() ? NameTree.leaf(new Name.Bound(id, path.drop(length))) : NameTree.neg();
            }
        }
        return NameTree.neg();
    }

    @Override
    public Optional<Supplier<List<Address>>> addresses(Path id) {
        if (!id.startsWith(prefix)) {
            return Optional.empty();
        }
        Supplier<Optional<List<Address>>> live =
                apps.live(id.drop(prefix.size()).show(), Optional.empty());
        return Optional.of(() -> live.get().orElse(List.of()));
    }

    private CompletableFuture<Streams.Reply> get(String target) {
        return streams.get(options.origin(), options.uriPrefix() + target, Map.of("Accept", "application/json"), LIMIT);
    }

    private AutoCloseable watchIds(Consumer<Optional<Set<Path>>> tell, Changes changes) {
        Set<Path> before = new HashSet<>();
        return streams.again(
                "marathon " + options.origin().base() + options.uriPrefix(),
                () -> Streams.then(get("/v2/apps"), reply -> {
                    Set<Path> found = new HashSet<>();
                    ok(reply)
                            .path("apps")
                            .forEach(app -> found.add(Path.parse(app.path("id").asText())));
                    tell.accept(Optional.of(Set.copyOf(found)));
                    if (!found.equals(before)) {
                        before.clear();
                        before.addAll(found);
                        changes.happened();
                    }
                    return options.ttl();
                }));
    }

    private AutoCloseable watchApp(String app, Consumer<Optional<List<Address>>> tell) {
        List<Address> nothing = List.of();
        Object[] last = {nothing};
        return streams.again(
                "marathon " + app,
                () -> Streams.then(get("/v2/apps" + app + "?embed=apps.tasks"), reply -> {
                    if (reply.status() == 404) {
                        last[0] = nothing;
                        tell.accept(Optional.empty());
                        return options.ttl();
                    }
                    List<Address> now = tasks(ok(reply).path("app"));
                    if (!now.equals(last[0]) || now.isEmpty()) {
                        last[0] = now;
                        tell.accept(Optional.of(now));
                    }
                    return options.ttl();
                }));
    }

    private List<Address> tasks(JsonNode app) {
        List<Address> addresses = new ArrayList<>();
        int checks = app.path("healthChecks").size();
        for (JsonNode task : app.path("tasks")) {
            JsonNode ports = task.path("ports");
            JsonNode results = task.path("healthCheckResults");
            boolean alive = results.size() >= checks;
            for (JsonNode result : results) {
                alive &= result.path("alive").asBoolean();
            }
            boolean running = task.path("state").asText("TASK_RUNNING").equals("TASK_RUNNING");
            if (ports.size() > 0 && (options.useHealthCheck() ? alive && checks > 0 : running)) {
                addresses.add(
                        new Address(task.path("host").asText(), ports.get(0).asInt()));
            }
        }
        return List.copyOf(addresses);
    }

    private static JsonNode ok(Streams.Reply reply) {
        if (reply.status() != 200) {
            throw new IllegalStateException("status " + reply.status() + " (expected: 200)");
        }
        return Json.parse(reply.text());
    }

    @Override
    public Map<String, Object> state() {
        return WatchingNamer.state(apps);
    }

    @Override
    public void close() {
        ids.close();
        apps.close();
    }
}
