package io.finback.verification.mesh;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a router costs over HTTP/2 beside HTTP/1.1 and beside no router: h2load (Debian's nghttp2-client) against nginx with 256 bytes an
 * answer, in turns in one run. HTTP/2 has one connection with so many streams at a time, HTTP/1.1 so many connections.
 *
 * <p>{@code H2Bench [seconds of a measurement] [rounds]}; the first round warms up.
 */
public final class H2Bench {
    private static final int[] IN_FLIGHT = {1, 16, 64};
    private static final int H1 = 18_160;
    private static final int H2 = 18_161;
    private static final int ROUTER_H1 = 18_162;
    private static final int ROUTER_H2 = 18_163;
    private static final String ANSWER = "0123456789abcdef".repeat(16);
    private static final Pattern DONE = Pattern.compile("requests: .* (\\d+) succeeded, (\\d+) failed");
    private static final Pattern RATE = Pattern.compile("finished in [^,]+, ([0-9.]+) req/s");
    private static final Pattern MEAN = Pattern.compile("time for request:\\s+\\S+\\s+\\S+\\s+(\\S+)");

    private H2Bench() {}

    private record Way(String name, Target target, boolean h2) {}

    public static void main(String[] args) throws Exception {
        int seconds = args.length > 0 ? Integer.parseInt(args[0]) : 5;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 2;
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        Path folder = Files.createTempDirectory("finback-h2-bench");
        try (Target nginx = nginx(folder);
                Target router = router(folder)) {
            List<Way> ways = List.of(
                    new Way("direct, HTTP/1.1", nginx, false),
                    new Way("router, HTTP/1.1", router, false),
                    new Way("direct, HTTP/2", nginx, true),
                    new Way("router, HTTP/2", router, true));
            out.println("| in flight | way | requests/s | mean | CPU ms per 1,000 requests of it |");
            out.println("| --- | --- | --- | --- | --- |");
            for (int round = 0; round <= rounds; round++) {
                for (int inFlight : IN_FLIGHT) {
                    for (Way way : ways) {
                        String line = run(way, inFlight, round == 0 ? Math.max(8, seconds) : seconds);
                        if (round > 0) {
                            out.println(line);
                        }
                    }
                }
            }
        }
    }

    private static String run(Way way, int inFlight, int seconds) throws IOException, InterruptedException {
        boolean direct = way.name().startsWith("direct");
        int port = direct ? (way.h2() ? H2 : H1) : way.h2() ? ROUTER_H2 : ROUTER_H1;
        List<String> load = way.h2()
                ? List.of("h2load", "-c1", "-m" + inFlight)
                : List.of("h2load", "--h1", "-c" + inFlight, "-m1");
        List<String> command = new java.util.ArrayList<>(load);
        command.addAll(List.of("-t1", "-D" + seconds, "http://127.0.0.1:" + port + "/"));
        long before = way.target().cpuMillis();
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        long cpu = way.target().cpuMillis() - before;
        Matcher done = DONE.matcher(said);
        Matcher rate = RATE.matcher(said);
        Matcher mean = MEAN.matcher(said);
        if (!done.find() || !rate.find() || !mean.find() || !done.group(2).equals("0")) {
            throw new IOException(way.name() + ": " + said);
        }
        return String.format(
                Locale.ROOT,
                "| %d | %s | %.0f | %s | %.1f |",
                inFlight,
                way.name(),
                Double.parseDouble(rate.group(1)),
                mean.group(1),
                cpu * 1_000.0 / Long.parseLong(done.group(1)));
    }

    private static Target nginx(Path folder) throws IOException {
        Path home = Files.createDirectories(folder.resolve("nginx"));
        Path file = home.resolve("nginx.conf");
        Files.writeString(file, """
                worker_processes 1; daemon off; pid %s/nginx.pid; error_log %s/error.log;
                events { worker_connections 8192; }
                http { access_log off; keepalive_requests 100000000; keepalive_timeout 600s;
                  http2_max_concurrent_streams 1000;
                  client_body_temp_path %s; proxy_temp_path %s; fastcgi_temp_path %s; uwsgi_temp_path %s; scgi_temp_path %s;
                  server { listen 127.0.0.1:%d; location / { return 200 "%s"; } }
                  server { listen 127.0.0.1:%d http2; location / { return 200 "%s"; } } }
                """.formatted(home, home, home, home, home, home, home, H1, ANSWER, H2, ANSWER));
        return Target.start(folder, "nginx", H1, List.of("nginx", "-c", file.toString(), "-p", home.toString()));
    }

    private static Target router(Path folder) throws IOException {
        Path yaml = folder.resolve("linkerd.yaml");
        Files.writeString(yaml, """
                admin: {port: 18164}
                routers:
                - protocol: http
                  dtab: /svc => /$/inet/127.0.0.1/%d
                  servers: [{port: %d}]
                - protocol: h2
                  dtab: /svc => /$/inet/127.0.0.1/%d
                  servers: [{port: %d}]
                """.formatted(H1, ROUTER_H1, H2, ROUTER_H2));
        return Target.java(
                folder,
                "router",
                ROUTER_H2,
                List.of("-XX:+UseParallelGC", "--add-opens=java.base/java.nio=ALL-UNNAMED"),
                "io.finback.cli.Finback",
                "router",
                "--set",
                "finback.router.linkerd-yaml=" + yaml,
                "--set",
                "finback.data-dir=" + folder.resolve("data"),
                "--set",
                "finback.management.port=18165");
    }
}
