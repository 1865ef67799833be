package io.finback.meshrouter.admin;

import akka.http.javadsl.model.HttpResponse;
import io.finback.meshrouter.namers.Interpreter;
import io.finback.meshrouter.namers.NameSource;
import io.finback.meshrouter.router.EndpointsSnapshot;
import io.finback.meshrouter.router.LiveDestination;
import io.finback.meshrouter.router.RunningRouter;
import io.finback.names.Dtab;
import io.finback.names.NamesJson;
import io.finback.names.Path;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What the admin server shows of names, instances and this process. Reads only. */
final class AdminViews {
    private final AdminParts parts;

    AdminViews(AdminParts parts) {
        this.parts = parts;
    }

    HttpResponse state(String path) {
        for (NameSource namer : parts.namers()) {
            String name = String.join("/", namer.prefix().drop(1).elements());
            if (path.equals("/namer_state/" + name + ".json")) {
                return Answers.json(Map.of("state", namer.state()), true);
            }
        }
        for (RunningRouter running : parts.routers()) {
            Interpreter interpreter = running.router().spec().interpreter();
            if (path.startsWith("/" + running.label() + "/interpreter_state/" + interpreter.kind())) {
                return Answers.json(Map.of("state", interpreter.state()), true);
            }
        }
        return Answers.notFound();
    }

    HttpResponse health() {
        EndpointsSnapshot known = parts.endpoints().get();
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("status", "serving");
        out.put("connected", known.connected());
        out.put("ageMs", known.ageMillis(parts.nanoTime().getAsLong()));
        out.put(
                "connections",
                parts.routers().stream()
                        .flatMap(running -> running.servers().stream())
                        .mapToInt(server -> server.listener().connections())
                        .sum());
        return Answers.json(out, false);
    }

    /** {@code namespace}: the router's label; the first when it is not given. A dtab that is given stands for the router's own. */
    HttpResponse delegator(Optional<String> namespace, Optional<String> path, Optional<String> dtab) {
        if (path.isEmpty()) {
            return Answers.text(400, "path: missing (expected: a path such as /svc/web)\n");
        }
        Optional<RunningRouter> found = parts.routers().stream()
                .filter(running -> namespace.isEmpty() || running.label().equals(namespace.get()))
                .findFirst();
        if (found.isEmpty()) {
            return Answers.text(
                    404,
                    "namespace: no router is labelled '" + namespace.orElse("") + "' (expected: one of "
                            + parts.routers().stream().map(RunningRouter::label).toList() + ")\n");
        }
        Dtab table = dtab.map(Dtab::parse)
                .orElseGet(() -> found.get().router().spec().dtab());
        Interpreter interpreter = found.get().router().spec().interpreter();
        NamesJson names = new NamesJson(id -> interpreter.addresses(id).get());
        return Answers.json(names.delegation(interpreter.delegate(table, Path.parse(path.get()))), true);
    }

    Set<String> boundNames() {
        Set<String> names = new TreeSet<>();
        parts.routers()
                .forEach(running -> names.addAll(running.router().destinations().keySet()));
        return names;
    }

    /** In Linkerd's form: by bound id, of all routers together. */
    Map<String, Object> clientState() {
        Map<String, Object> out = new TreeMap<>();
        for (RunningRouter running : parts.routers()) {
            running.router().destinations().forEach((id, client) -> {
                Map<String, Object> state = new LinkedHashMap<>();
                state.put("state", "bound");
                state.put(
                        "addresses",
                        client.endpoints().stream()
                                .map(endpoint -> endpoint.host() + ":" + endpoint.port())
                                .toList());
                out.put(id, state);
            });
        }
        return out;
    }

    Map<String, Object> clients() {
        Map<String, Object> out = new TreeMap<>();
        for (RunningRouter running : parts.routers()) {
            Map<String, Object> clients = new TreeMap<>();
            running.router().destinations().forEach((id, client) -> clients.put(id, client(client)));
            out.put(running.label(), clients);
        }
        return out;
    }

    private Object client(LiveDestination client) {
        long now = parts.nanoTime().getAsLong();
        return client.endpoints().stream()
                .map(endpoint -> {
                    Map<String, Object> out = new LinkedHashMap<>();
                    out.put("address", endpoint.host() + ":" + endpoint.port());
                    out.put("open", endpoint.isOpen(now));
                    out.put("load", endpoint.outstanding());
                    out.put("weight", endpoint.weight());
                    return out;
                })
                .toList();
    }

    Map<String, Object> endpoints() {
        EndpointsSnapshot known = parts.endpoints().get();
        Map<String, Object> apps = new TreeMap<>();
        known.apps().forEach((id, app) -> {
            Map<String, Object> out = new LinkedHashMap<>();
            out.put("revision", app.endpoints().revision());
            out.put("current", app.link() == known.link() && known.connected());
            out.put(
                    "ready",
                    app.endpoints().ready().stream()
                            .map(i -> Map.of("taskId", i.taskId(), "host", i.host(), "ports", i.ports()))
                            .toList());
            apps.put(id, out);
        });
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("connected", known.connected());
        out.put("ageMs", known.ageMillis(parts.nanoTime().getAsLong()));
        out.put("link", known.link());
        out.put("apps", apps);
        return out;
    }

    static Map<String, Object> serverInfo() {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", "finback-router");
        out.put("start_time", ManagementFactory.getRuntimeMXBean().getStartTime());
        out.put("uptime", ManagementFactory.getRuntimeMXBean().getUptime());
        return out;
    }
}
