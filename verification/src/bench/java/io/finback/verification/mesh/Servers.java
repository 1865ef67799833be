package io.finback.verification.mesh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Servers and proxies from the system's packages, with a worker or thread per processor and connections kept on both sides. */
final class Servers {
    private static final String ANSWER = "0123456789abcdef".repeat(16);

    private Servers() {}

    /** One nginx that answers 256 bytes at both ports. */
    static Target backend(Path folder, int first, int second) throws IOException {
        return nginx(folder, "direct", first, 1, """
                server { listen 127.0.0.1:%d backlog=4096; listen 127.0.0.1:%d backlog=4096; location / { return 200 "%s"; } }
                """.formatted(first, second, ANSWER));
    }

    static Target nginxProxy(Path folder, int port, int first, int second) throws IOException {
        return nginx(folder, "nginx", port, 2, """
                upstream backends { server 127.0.0.1:%d; server 127.0.0.1:%d; keepalive 512; keepalive_requests 100000000; }
                server { listen 127.0.0.1:%d backlog=4096;
                  location / { proxy_pass http://backends; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Via "1.1 nginx"; } }
                """.formatted(first, second, port));
    }

    private static Target nginx(Path folder, String name, int port, int workers, String servers) throws IOException {
        Path home = Files.createDirectories(folder.resolve(name));
        Path file = home.resolve("nginx.conf");
        Files.writeString(file, """
                worker_processes %d; daemon off; pid %s/nginx.pid; error_log %s/error.log;
                events { worker_connections 8192; }
                http { access_log off; keepalive_requests 100000000; keepalive_timeout 600s;
                  client_body_temp_path %s; proxy_temp_path %s; fastcgi_temp_path %s; uwsgi_temp_path %s; scgi_temp_path %s;
                  %s }
                """.formatted(workers, home, home, home, home, home, home, home, servers));
        return Target.start(folder, name, port, List.of("nginx", "-c", file.toString(), "-p", home.toString()));
    }

    static Target haproxy(Path folder, int port, int first, int second) throws IOException {
        Path file = folder.resolve("haproxy.cfg");
        Files.writeString(file, """
                global
                  nbthread 2
                  maxconn 4000
                defaults
                  mode http
                  timeout connect 5s
                  timeout client 600s
                  timeout server 600s
                  timeout http-keep-alive 600s
                  http-reuse always
                frontend in
                  bind 127.0.0.1:%d backlog 4096
                  http-request add-header Via 1.1\\ haproxy
                  default_backend out
                backend out
                  balance leastconn
                  server a 127.0.0.1:%d pool-max-conn -1
                  server b 127.0.0.1:%d pool-max-conn -1
                """.formatted(port, first, second));
        return Target.start(folder, "haproxy", port, List.of("haproxy", "-f", file.toString()));
    }
}
