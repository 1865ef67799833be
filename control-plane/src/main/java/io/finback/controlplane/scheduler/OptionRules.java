package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppRules.Violation;
import io.finback.resources.RoleName;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What makes valid what few apps ask for. Source: Marathon's AppValidation. */
final class OptionRules {
    private static final String ANY = "*";
    /** Of a file, on any common file system. */
    private static final int MAX_NAME = 255;

    private OptionRules() {}

    /** What is wrong with the role of an app that has one. {@code at}: where its placement stands. */
    static List<Violation> roles(AppDefinition app, String at) {
        List<Violation> found = new ArrayList<>();
        RoleName.problem(app.role()).ifPresent(why -> found.add(new Violation("/role", why)));
        for (String role : app.acceptedResourceRoles()) {
            if (!role.equals(ANY) && !role.equals(app.role())) {
                found.add(new Violation(
                        at + "/acceptedResourceRoles",
                        "'" + role + "' (expected: '*' or the app's role '" + app.role() + "')"));
            }
        }
        if (app.options().isResident() && app.role().equals(ANY)) {
            found.add(new Violation(
                    "/role",
                    "'*' (expected: another role, since persistent volumes are reserved; finback.services.role sets"
                            + " that of all apps that name none)"));
        }
        return found;
    }

    static void check(List<Violation> found, AppDefinition app) {
        limits(found, app);
        AppOptions options = app.options();
        options.check().ifPresent(check -> {
            AppRules.atLeast(found, "/check/intervalSeconds", AppRules.seconds(check.interval()), 1);
            AppRules.atLeast(found, "/check/timeoutSeconds", AppRules.seconds(check.timeout()), 1);
            AppRules.atLeast(found, "/check/delaySeconds", AppRules.seconds(check.delay()), 0);
            int ports = app.ports().size();
            int index = check.portIndex().orElse(0);
            if (!check.isCommand() && check.port().isEmpty() && (index < 0 || index >= ports)) {
                found.add(new Violation(
                        "/check",
                        "portIndex " + index + " (expected: one of the app's " + ports + " ports, or a port)"));
            }
        });
        secrets(found, options.secrets(), "/env/");
        residency(found, app);
    }

    private static void limits(List<Violation> found, AppDefinition app) {
        Map<String, Double> held = Map.of("cpus", app.cpus(), "mem", app.mem());
        app.options().limits().forEach((name, limit) -> {
            double least = held.getOrDefault(name, 0.0);
            if (!(limit >= least)) {
                found.add(new Violation(
                        "/resourceLimits/" + name,
                        "resource limit must be greater than or equal to the amount requested, " + least));
            }
        });
    }

    /** {@code at}: the path of variables. */
    static void secrets(List<Violation> found, AppOptions.Secrets secrets, String at) {
        secrets.declared().forEach((name, source) -> sourceProblem(source)
                .ifPresent(why -> found.add(new Violation("/secrets/" + name + "/source", why))));
        secrets.env().forEach((variable, name) -> undeclared(found, secrets, at + variable, name));
        for (AppOptions.SecretFile file : secrets.files()) {
            undeclared(found, secrets, "/container/volumes", file.secret());
            path(found, file.containerPath());
        }
    }

    static void undeclared(List<Violation> found, AppOptions.Secrets secrets, String at, String name) {
        if (!secrets.declared().containsKey(name)) {
            found.add(new Violation(at, "references an undefined secret named '" + name + "'"));
        }
    }

    /** Why no store has a secret of this name: stores know them by relative paths. */
    private static Optional<String> sourceProblem(String source) {
        if (source.isEmpty()) {
            return Optional.of("must not be empty");
        }
        int depth = 0;
        for (String name : source.split("/", -1)) {
            boolean nothing = name.isEmpty() || name.equals(".");
            depth += name.equals("..") ? -1 : nothing ? 0 : 1;
            if (depth < 0 || name.indexOf('\0') >= 0 || name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME) {
                depth = 0;
                break;
            }
        }
        return depth > 0
                ? Optional.empty()
                : Optional.of(
                        "'" + source.replace("\0", "") + "' (expected: a relative path that does not leave the store,"
                                + " without NUL, names of at most " + MAX_NAME + " bytes)");
    }

    static void residency(List<Violation> found, AppDefinition app) {
        AppOptions options = app.options();
        if (!options.isResident()) {
            return;
        }
        if (app.upgrade().maximumOverCapacity() != 0) {
            found.add(new Violation(
                    app.pod().isPresent()
                            ? "/scheduling/upgrade/maximumOverCapacity"
                            : "/upgradeStrategy/maximumOverCapacity",
                    "got " + app.upgrade().maximumOverCapacity() + ", expected 0 with persistent volumes"));
        }
        options.residency()
                .ifPresent(residency -> AppRules.atLeast(
                        found,
                        "/residency/relaunchEscalationTimeoutSeconds",
                        AppRules.seconds(residency.escalation()),
                        0));
        Set<String> paths = new HashSet<>();
        for (AppOptions.LocalVolume volume : options.volumes()) {
            path(found, volume.containerPath());
            if (!paths.add(volume.containerPath())) {
                found.add(new Violation(
                        "/container/volumes", "containerPath '" + volume.containerPath() + "' twice (expected: once)"));
            }
            if (!(volume.mib() > 0)) {
                found.add(new Violation(
                        "/container/volumes", "persistent size " + volume.mib() + " (expected: more than 0 MiB)"));
            }
        }
    }

    private static void path(List<Violation> found, String path) {
        boolean up = List.of(path.split("/", -1)).contains("..") || path.equals(".");
        if (path.isEmpty() || up || path.indexOf(':') >= 0 || path.indexOf('\0') >= 0) {
            found.add(new Violation(
                    "/container/volumes",
                    "containerPath '" + path.replace("\0", "") + "' (expected: a path without ':', NUL and '..')"));
        }
    }
}
