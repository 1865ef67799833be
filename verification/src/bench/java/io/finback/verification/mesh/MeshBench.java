package io.finback.verification.mesh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The router as it is delivered, with identifier, dtab, balancer, accrual, retries, traces and statistics, beside proxies that do less. Arguments:
 * the file to write, seconds of warm-up, rounds, seconds each, and names of peers to leave out; {@code -Dmesh.loads}: a pattern of the loads' names.
 * Needs {@code wrk}, {@code nginx} and {@code haproxy}.
 */
public final class MeshBench {
    private static final int FIRST = 18_091;
    private static final int SECOND = 18_092;
    private static final int ROUTER = 18_120;

    private static final List<Load> LOADS = List.of(
            new Load.Closed(64, false),
            new Load.Closed(256, false),
            new Load.Closed(32, true),
            new Load.Open(64, 1_000),
            new Load.Open(64, 4_000));

    private MeshBench() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        String before = Rounds.machine();
        List<String> without = List.of(arguments).subList(4, arguments.length);
        Path folder = Files.createTempDirectory("mesh");
        List<Target> targets = new ArrayList<>();
        List<Target> cold = new ArrayList<>();
        try {
            targets.add(Servers.backend(folder, FIRST, SECOND));
            targets.add(Servers.haproxy(folder, 18_101, FIRST, SECOND));
            if (!without.contains("nginx")) {
                targets.add(Servers.nginxProxy(folder, 18_102, FIRST, SECOND));
            }
            Target router = router(folder);
            cold.add(router);
            java.util.concurrent.TimeUnit.SECONDS.sleep(10);
            long idle = router.residentMegabytes();
            peer(folder, cold, without, "Undertow", 18_111, UndertowProxy.class);
            peer(folder, cold, without, "Vert.x", 18_112, VertxProxy.class);
            peer(folder, cold, without, "Finagle", 18_113, FinagleProxy.class);
            targets.addAll(cold);
            Rounds rounds = new Rounds(
                    targets,
                    LOADS.stream()
                            .filter(load -> load.name().matches(System.getProperty("mesh.loads", ".*")))
                            .toList(),
                    Integer.parseInt(arguments[2]),
                    Integer.parseInt(arguments[3]));
            rounds.warmUp(cold, Integer.parseInt(arguments[1]));
            String tables = rounds.measure();
            Files.writeString(
                    Path.of(arguments[0]),
                    "# Mesh, raw\n\n" + before
                            + String.format(Locale.ROOT, "* router: %d MB resident when idle, %d MB at the end%n", idle, router.residentMegabytes())
                            + tables);
        } finally {
            targets.forEach(Target::close);
            cold.forEach(Target::close);
        }
    }

    private static void peer(Path folder, List<Target> cold, List<String> without, String name, int port, Class<?> main) throws IOException {
        if (!without.contains(name)) {
            cold.add(Target.java(folder, name, port, List.of(), main.getName(), "" + port, "" + FIRST, "" + SECOND));
        }
    }

    /** As a Linkerd with its usual file-based setup; the flags are the launcher's. */
    private static Target router(Path folder) throws IOException {
        Path names = Files.createDirectories(folder.resolve("disco"));
        Files.writeString(names.resolve("web"), "127.0.0.1 " + FIRST + "\n127.0.0.1 " + SECOND + "\n");
        Path yaml = folder.resolve("linkerd.yaml");
        Files.writeString(yaml, """
                admin: {ip: 127.0.0.1, port: 18121}
                namers:
                - kind: io.l5d.fs
                  rootDir: %s
                routers:
                - protocol: http
                  dtab: /svc => /#/io.l5d.fs
                  servers:
                  - {ip: 127.0.0.1, port: %d}
                """.formatted(names, ROUTER));
        List<String> flags = new ArrayList<>(List.of("-XX:+UseSerialGC", "-XX:-ShrinkHeapInSteps", "-Xms32m", "-Dio.netty.leakDetection.level=disabled"));
        String more = System.getProperty("router.flags", "");
        if (!more.isEmpty()) {
            flags.addAll(List.of(more.split(" ", -1)));
        }
        return Target.java(
                folder,
                "Finback router",
                ROUTER,
                flags,
                "io.finback.cli.Finback",
                "router",
                "--set",
                "finback.router.linkerd-yaml=" + yaml,
                "--set",
                "finback.data-dir=" + folder.resolve("data"),
                "--set",
                "finback.management.port=18122");
    }
}
