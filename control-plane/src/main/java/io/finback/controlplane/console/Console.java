package io.finback.controlplane.console;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import io.finback.security.Guard;
import io.finback.security.Guard.Door;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * The console on both ports of a master, below {@code /console/} and, as Marathon's users expect, {@code /ui/}. Below either are its files, and
 * both APIs once more, {@code cluster/...} and {@code services/...}, each with its port's guard before it: so that the page needs one origin and
 * no other site ever gets permission to ask (docs/adr/0027). {@code sign-in} makes a browser ask for name and secret. Browsers that ask for
 * {@code /} are sent to the console; everyone else gets there what they always got. Thread-safe.
 */
public final class Console {
    private static final Set<String> LOOKS = Set.of("GET", "HEAD");
    private static final List<String> PREFIXES = List.of("/console", "/ui");

    /** With this the page says that it will ask for credentials itself, in its own words. */
    private static final String OWN_PAGE = "X-Finback-Console";

    private final ActorSystem<?> system;
    private final Guard guard;
    private final ConsoleFiles files = new ConsoleFiles();
    private final AtomicReference<Function<HttpRequest, CompletionStage<HttpResponse>>> cluster =
            new AtomicReference<>(request -> starting());
    private final AtomicReference<Function<HttpRequest, CompletionStage<HttpResponse>>> services =
            new AtomicReference<>(request -> starting());

    /** @param guard knows who may sign in */
    public Console(ActorSystem<?> system, Guard guard) {
        this.system = system;
        this.guard = guard;
    }

    /** What answers at {@code finback.master.http}, its guard included; returns the same with the console before it. */
    public Function<HttpRequest, CompletionStage<HttpResponse>> atCluster(
            Function<HttpRequest, CompletionStage<HttpResponse>> port) {
        cluster.set(port);
        return before(port, "console/");
    }

    /** What answers at {@code finback.services.http}, its guard included; returns the same with the console before it. */
    public Function<HttpRequest, CompletionStage<HttpResponse>> atServices(
            Function<HttpRequest, CompletionStage<HttpResponse>> port) {
        services.set(port);
        return before(port, "ui/");
    }

    private Function<HttpRequest, CompletionStage<HttpResponse>> before(
            Function<HttpRequest, CompletionStage<HttpResponse>> port, String home) {
        return request -> {
            String path = request.getUri().path();
            for (String prefix : PREFIXES) {
                if (path.startsWith(prefix + "/")) {
                    return inside(request, path.substring(prefix.length() + 1));
                }
                if (path.equals(prefix)) {
                    return looking(request, redirect(prefix.substring(1) + "/"));
                }
            }
            boolean browser = LOOKS.contains(request.method().value())
                    && ConsoleFiles.accepts(request, "Accept", "text/html")
                    && !request.getUri().rawQueryString().isPresent();
            return path.equals("/") && browser
                    ? looking(request, redirect(home).addHeader(RawHeader.create("Vary", "Accept")))
                    : port.apply(request);
        };
    }

    private CompletionStage<HttpResponse> inside(HttpRequest request, String rest) {
        if (rest.startsWith("cluster/")) {
            return api(request, cluster, rest.substring("cluster".length()));
        }
        if (rest.startsWith("services/")) {
            return api(request, services, rest.substring("services".length()));
        }
        if (rest.equals("sign-in")) {
            return guard.before(any -> Door.NAMED, known -> looking(known, redirect("./")))
                    .apply(request);
        }
        return looking(request, files.answer(request, rest));
    }

    /** Exactly as at the API's own port, and nothing of it is ever a page. */
    private static CompletionStage<HttpResponse> api(
            HttpRequest request,
            AtomicReference<Function<HttpRequest, CompletionStage<HttpResponse>>> port,
            String path) {
        HttpRequest asked = request.withUri(request.getUri().path(path));
        boolean own = request.getHeader(OWN_PAGE).isPresent();
        return port.get().apply(asked).thenApply(response -> {
            HttpResponse safe = response.addHeader(RawHeader.create("X-Content-Type-Options", "nosniff"))
                    .addHeader(RawHeader.create("Content-Security-Policy", "default-src 'none'; sandbox"));
            if (!own) {
                return safe;
            }
            // A browser would ask for name and secret in the middle of a page that is being read.
            return response.status().intValue() == 401
                    ? without(safe, "WWW-Authenticate")
                    : Repeated.lean(request, safe);
        });
    }

    private static HttpResponse without(HttpResponse response, String name) {
        HttpResponse kept = response;
        for (HttpHeader header : response.getHeaders()) {
            if (header.is(name.toLowerCase(java.util.Locale.ROOT))) {
                kept = kept.removeHeader(header.name());
            }
        }
        return kept;
    }

    private CompletionStage<HttpResponse> looking(HttpRequest request, HttpResponse response) {
        var unused = request.discardEntityBytes(system);
        boolean looks = LOOKS.contains(request.method().value());
        return CompletableFuture.completedFuture(
                looks
                        ? response
                        : HttpResponse.create()
                                .withStatus(405)
                                .addHeader(RawHeader.create("Allow", "GET, HEAD"))
                                .withEntity(
                                        ContentTypes.TEXT_PLAIN_UTF8, "The console is only looked at: GET, HEAD\n"));
    }

    /** Relative, so that a proxy may put all of it below a prefix. */
    private static HttpResponse redirect(String to) {
        return HttpResponse.create()
                .withStatus(302)
                .addHeader(RawHeader.create("Location", to))
                .addHeader(RawHeader.create("Cache-Control", "no-cache"));
    }

    private static CompletionStage<HttpResponse> starting() {
        return CompletableFuture.completedFuture(HttpResponse.create()
                .withStatus(503)
                .addHeader(RawHeader.create("Retry-After", "1"))
                .withEntity(ContentTypes.TEXT_PLAIN_UTF8, "This part of the master has not started yet\n"));
    }
}
