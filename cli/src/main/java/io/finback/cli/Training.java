package io.finback.cli;

import com.typesafe.config.Config;
import io.finback.runtime.Node;
import io.finback.runtime.Role;
import io.finback.runtime.StartFailure;
import io.finback.settings.HttpListen;
import io.finback.settings.NodeConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * Starts a small dev cluster on ports that are free, asks each listener something, and stops: what the launcher records to make the
 * class data archive of a build. With {@code router} it is a router alone: all of an archive is resident, and a router needs half of the
 * classes. Ends with 0, or with 1 when that did not work. The first argument is the directory it may use and delete.
 */
public final class Training {
    private static final int TRIES = 50;
    private static final int TIMEOUT_MILLIS = 2_000;

    /** Ports before the offset. */
    private static final int HTTP = 4140;

    private static final int ADMIN = 9990;
    private static final int MANAGEMENT = 8558;
    private static final List<String> PATHS = List.of(
            "/", "/v2/info", "/v2/apps", "/state", "/ready", "/cluster/members", "/metrics", "/admin/metrics.json");

    private Training() {}

    public static void main(String[] args) throws IOException {
        Path data = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("finback-training");
        boolean router = args.length > 1 && args[1].equals(Role.ROUTER.id());
        System.exit(router ? runRouter(Roles.all(), data) : run(Roles.all(), data));
    }

    static int runRouter(Roles roles, Path data) throws IOException {
        try {
            int offset = freeOffset(data);
            Path names = Files.createDirectories(data.resolve("names"));
            Path yaml = Files.writeString(
                    data.resolve("linkerd.yaml"),
                    "admin: {port: " + (ADMIN + offset) + "}\nnamers: [{kind: io.l5d.fs, rootDir: " + names + "}]\n"
                            + "routers: [{protocol: http, dtab: /svc => /#/io.l5d.fs, servers: [{port: "
                            + (HTTP + offset)
                            + "}]}]\n");
            Config config = NodeConfig.of(
                            List.of(),
                            Map.of(),
                            List.of(
                                    "finback.data-dir=" + data,
                                    "finback.router.linkerd-yaml=" + yaml,
                                    "finback.management.port=" + (MANAGEMENT + offset)))
                    .load();
            Node router = roles.starter(Role.ROUTER).start(config);
            try {
                router.ready()
                        .toCompletableFuture()
                        .orTimeout(1, TimeUnit.MINUTES)
                        .join();
                for (int port : List.of(HTTP, ADMIN, MANAGEMENT)) {
                    ask(new HttpListen("127.0.0.1", port + offset));
                }
            } finally {
                router.stop()
                        .toCompletableFuture()
                        .orTimeout(1, TimeUnit.MINUTES)
                        .join();
            }
            return 0;
        } catch (StartFailure | CompletionException e) {
            return Finback.REFUSED;
        } finally {
            DataDir.delete(data);
        }
    }

    static int run(Roles roles, Path data) throws IOException {
        Screen nobody = new Screen(nowhere(), nowhere());
        CompletableFuture<Void> stop = new CompletableFuture<>();
        DevRun dev = new DevRun(roles, nobody, Map.of(), plan -> {
            plan.nodes().forEach(node -> node.listeners().values().forEach(Training::ask));
            stop.complete(null);
        });
        try {
            dev.run(new DevRun.Wishes(List.of(), List.of(), data, 1, freeOffset(data), false), System.nanoTime(), stop);
            return 0;
        } catch (StartFailure e) {
            return Finback.REFUSED;
        } finally {
            DataDir.delete(data);
        }
    }

    static int freeOffset(Path data) {
        Config base = NodeConfig.of(List.of(), Map.of(), List.of()).load();
        Random random = new Random();
        for (int i = 0; i < TRIES; i++) {
            int offset = 1_000 + random.nextInt(30_000);
            try {
                DevPlan.of(base, data, 1, offset, new Machine(1, 1, 1)).checkPorts();
                return offset;
            } catch (StartFailure e) {
                // Taken by somebody; the next one may be free.
            }
        }
        throw new StartFailure("no free ports");
    }

    /** An answer is not needed; that the code of it has run is. */
    private static void ask(HttpListen listen) {
        for (String path : PATHS) {
            try {
                HttpURLConnection connection = (HttpURLConnection)
                        URI.create("http://" + listen + path).toURL().openConnection();
                connection.setConnectTimeout(TIMEOUT_MILLIS);
                connection.setReadTimeout(TIMEOUT_MILLIS);
                var unused = connection.getResponseCode();
                connection.disconnect();
            } catch (IOException e) {
                // Artery does not speak HTTP.
                return;
            }
        }
    }

    private static PrintStream nowhere() {
        return new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    }
}
