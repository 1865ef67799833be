package io.finback.cli;

import io.finback.runtime.Role;
import io.finback.settings.HttpListen;
import io.finback.tls.TlsSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What the screen says of a started cluster or node. Pure. */
final class Banner {
    static final String MASTER_API = "finback.master.http";
    static final String SERVICES_API = "finback.services.http";
    static final String MESH = "finback.router.http";
    static final String MESH_ADMIN = "finback.router.admin";
    private static final String MANAGEMENT = "finback.management";

    private Banner() {}

    static List<String> dev(DevPlan plan) {
        List<String> lines = new ArrayList<>();
        lines.add("Finback dev cluster: " + counted(plan, Role.MASTER) + ", " + counted(plan, Role.AGENT) + ", "
                + counted(plan, Role.ROUTER));
        url(plan, Role.MASTER, MASTER_API)
                .ifPresent(url -> lines.add("  cluster API   " + url + "   (a browser shows the console)"));
        url(plan, Role.MASTER, SERVICES_API).ifPresent(url -> lines.add("  services API  " + url));
        String admin =
                url(plan, Role.ROUTER, MESH_ADMIN).map(url -> "   admin " + url).orElse("");
        url(plan, Role.ROUTER, MESH)
                .ifPresent(
                        url -> lines.add("  mesh          " + url + "   (name a service in the Host header)" + admin));
        url(plan, Role.MASTER, MANAGEMENT).ifPresent(url -> lines.add("  management    " + url + "/cluster/members"));
        return lines;
    }

    static List<String> devReady(Duration took, Path data) {
        return List.of(
                "Ready in " + seconds(took) + ". Ctrl-C stops; data in " + data,
                "Ctrl-C also stops the tasks this cluster started.");
    }

    /** One line, such as {@code Ready: master master.http http://localhost:5050, …}. */
    static String ready(Role role, Map<String, HttpListen> listeners, TlsSettings tls) {
        List<String> parts = new ArrayList<>();
        listeners.forEach((key, listen) -> {
            String name = key.substring("finback.".length());
            parts.add(name + " " + (key.equals("finback.cluster") ? listen.toString() : url(listen, tls.covers(key))));
        });
        return "Ready: " + role.id() + " (" + String.join(", ", parts) + ")";
    }

    static String seconds(Duration took) {
        return String.format(Locale.ROOT, "%.1f s", took.toMillis() / 1000.0);
    }

    private static String counted(DevPlan plan, Role role) {
        long count = plan.count(role);
        return count + " " + role.id() + (count == 1 ? "" : "s");
    }

    private static Optional<String> url(DevPlan plan, Role role, String key) {
        boolean secured = plan.nodes().stream()
                .filter(node -> node.role() == role)
                .findFirst()
                .map(node -> TlsSettings.from(node.config()).covers(key))
                .orElse(false);
        return plan.listener(role, key).map(listen -> url(listen, secured));
    }

    private static String url(HttpListen listen, boolean secured) {
        String scheme = secured ? "https://" : "http://";
        return listen.host().equals("127.0.0.1") || listen.host().equals("0.0.0.0")
                ? scheme + "localhost:" + listen.port()
                : scheme + listen;
    }
}
