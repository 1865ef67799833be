package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.finback.meshrouter.rpc.h2.Body;
import io.finback.meshrouter.rpc.h2.H2;
import io.finback.meshrouter.rpc.h2.H2Message;
import io.finback.meshrouter.rpc.server.Server.Listening;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a browser does with a site behind a router: over HTTP/1.1, and over HTTP/2 with TLS, which it speaks with nothing else. */
@Tag("process")
final class BrowserThroughMeshIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final String PAGE = "<!doctype html><title>reef</title><link rel=icon href=data:,><p>whales</p>";

    @TempDir
    private Path dir;

    private final CountDownLatch released = new CountDownLatch(1);
    private final AtomicBoolean abandoned = new AtomicBoolean();

    @Test
    void aSiteOverHttp() throws Exception {
        HttpServer site = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        site.setExecutor(Executors.newCachedThreadPool());
        site.createContext("/", this::answer);
        site.start();
        int port = RouterProcess.freePort();
        String yaml = """
                admin: {ip: 127.0.0.1, port: %d}
                routers:
                - protocol: http
                  identifier: {kind: io.l5d.static, path: site}
                  dtab: /svc/site => /$/inet/127.0.0.1/%d
                  servers:
                  - {ip: 127.0.0.1, port: %d}
                """.formatted(RouterProcess.freePort(), site.getAddress().getPort(), port);
        try (RouterProcess router = new RouterProcess(dir, yaml);
                Chromium browser = Chromium.start(dir, Optional::empty)) {
            opens(browser, "http://127.0.0.1:" + port + "/", router);
            asksManyThingsAtOnce(browser);
            // It shows the first event before the second was sent.
            assertThat(browser.eval("new Promise(done => { const source = new EventSource('/events'), heard = [];"
                            + " source.onmessage = event => { heard.push(event.data);"
                            + " if (heard.length === 1) fetch('/release');"
                            + " if (heard.length === 2) { source.close(); done(heard.join()); } }; })"))
                    .isEqualTo("first,second");
            assertThat(browser.eval("fetch('/redirect').then(answer => answer.text().then(text =>"
                            + " answer.redirected + ' ' + new URL(answer.url).pathname + ' ' + text))"))
                    .isEqualTo("true /landed kept=krill");
            assertThat(browser.eval("fetch('/part', {headers: {Range: 'bytes=2-4'}}).then(answer =>"
                            + " answer.text().then(text => answer.status + ' ' + text))"))
                    .isEqualTo("206 cde");
            // What nobody reads any more ends at the site, too.
            assertThat(browser.eval("(async () => { const stop = new AbortController();"
                            + " const answer = await fetch('/endless', {signal: stop.signal});"
                            + " await answer.body.getReader().read(); stop.abort(); return 'stopped'; })()"))
                    .isEqualTo("stopped");
            Waiting.until("the site hears of it", LIMIT, abandoned::get);
            assertThat(browser.complaints).isEmpty();
        } finally {
            released.countDown();
            site.stop(0);
        }
    }

    @Test
    void aSiteOverHttp2() throws Exception {
        Process made = new ProcessBuilder(
                        ClusterProcesses.launcher().toString(),
                        "certificates",
                        dir.resolve("pki").toString())
                .inheritIO()
                .start();
        assertThat(made.waitFor()).isZero();
        int port = RouterProcess.freePort();
        try (Listening site = H2.server().serve("127.0.0.1:0", (request, context) -> Body.whole(request.body(), 4 << 20)
                        .map(all -> answer(request, all.data().array())));
                RouterProcess router = new RouterProcess(dir, """
                        admin: {ip: 127.0.0.1, port: %d}
                        routers:
                        - protocol: h2
                          identifier: {kind: io.l5d.header.path, segments: 1}
                          dtab: /svc/site => /$/inet/127.0.0.1/%d
                          servers:
                          - {ip: 127.0.0.1, port: %d, tls: {certPath: %s, keyPath: %s}}
                        """.formatted(
                                RouterProcess.freePort(),
                                site.port(),
                                port,
                                dir.resolve("pki/node.pem"),
                                dir.resolve("pki/node-key.pem")));
                Chromium browser = Chromium.start(dir, Optional::empty, "--ignore-certificate-errors")) {
            opens(browser, "https://127.0.0.1:" + port + "/site", router);
            assertThat(browser.eval("performance.getEntriesByType('navigation')[0].nextHopProtocol"))
                    .isEqualTo("h2");
            asksManyThingsAtOnce(browser);
            assertThat(browser.eval("[...new Set(performance.getEntriesByType('resource')"
                            + ".map(entry => entry.nextHopProtocol))].join()"))
                    .isEqualTo("h2");
            assertThat(browser.complaints).isEmpty();
        }
    }

    private static void opens(Chromium browser, String url, RouterProcess router) {
        Waiting.until(
                "the page is there",
                LIMIT,
                () -> {
                    browser.open(url);
                    return browser.eval("document.title").equals("reef");
                },
                router::tail);
        browser.reads("whales");
        // It was asked before the router listened.
        browser.complaints.clear();
    }

    /** Two hundred small ones, and a body of a megabyte there and back. */
    private static void asksManyThingsAtOnce(Chromium browser) throws Exception {
        assertThat(
                        browser.eval(
                                "Promise.all([...Array(200).keys()].map(i => fetch(location.pathname.replace(/\\/$/, '')"
                                        + " + '/number?' + i).then(answer => answer.text()))).then(all => String(all.every((text, i) => text === String(i))))"))
                .isEqualTo("true");
        assertThat(
                        browser.eval(
                                "(async () => { const body = new Uint8Array(1 << 20).map((_, i) => i * 7);"
                                        + " const answer = await fetch(location.pathname.replace(/\\/$/, '') + '/echo', {method: 'POST', body});"
                                        + " const back = new Uint8Array(await answer.arrayBuffer());"
                                        + " return String(back.length === body.length && back.every((each, i) => each === body[i])); })()"))
                .isEqualTo("true");
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            switch (exchange.getRequestURI().getPath()) {
                case "/number" -> say(exchange, 200, exchange.getRequestURI().getQuery());
                case "/echo" -> {
                    exchange.sendResponseHeaders(200, body.length);
                    exchange.getResponseBody().write(body);
                }
                case "/events" -> events(exchange);
                case "/release" -> {
                    released.countDown();
                    say(exchange, 200, "");
                }
                case "/redirect" -> {
                    exchange.getResponseHeaders().add("Set-Cookie", "kept=krill; Path=/");
                    exchange.getResponseHeaders().add("Location", "/landed");
                    say(exchange, 303, "");
                }
                case "/landed" ->
                    say(exchange, 200, exchange.getRequestHeaders().getFirst("Cookie"));
                case "/part" -> {
                    exchange.getResponseHeaders().add("Content-Range", "bytes 2-4/6");
                    say(exchange, 206, "cde");
                }
                case "/endless" -> endless(exchange);
                default -> {
                    exchange.getResponseHeaders().add("Content-Type", "text/html");
                    say(exchange, 200, exchange.getRequestURI().getPath().equals("/") ? PAGE : "");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void say(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    private void events(HttpExchange exchange) throws IOException, InterruptedException {
        exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
        exchange.sendResponseHeaders(200, 0);
        OutputStream out = exchange.getResponseBody();
        out.write("data: first\n\n".getBytes(StandardCharsets.UTF_8));
        out.flush();
        if (released.await(1, TimeUnit.MINUTES)) {
            out.write("data: second\n\n".getBytes(StandardCharsets.UTF_8));
        }
    }

    private void endless(HttpExchange exchange) throws IOException {
        exchange.sendResponseHeaders(200, 0);
        byte[] piece = new byte[64 << 10];
        try {
            while (!Thread.currentThread().isInterrupted()) {
                exchange.getResponseBody().write(piece);
                exchange.getResponseBody().flush();
            }
        } catch (IOException e) {
            abandoned.set(true);
            throw e;
        }
    }

    private static H2Message answer(H2Message request, byte[] body) {
        String target = String.valueOf(request.headers().path());
        String path = target.replaceAll("\\?.*", "");
        H2Message answer;
        if (path.endsWith("/number")) {
            answer = H2Message.response(
                    200, Body.of(target.substring(target.indexOf('?') + 1).getBytes(StandardCharsets.UTF_8)));
        } else if (path.endsWith("/echo")) {
            answer = H2Message.response(200, Body.of(body));
        } else {
            answer = H2Message.response(200, Body.of(PAGE.getBytes(StandardCharsets.UTF_8)));
        }
        answer.headers().set("content-type", "text/html");
        return answer;
    }
}
