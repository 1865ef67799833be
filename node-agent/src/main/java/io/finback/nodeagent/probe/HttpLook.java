package io.finback.nodeagent.probe;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.ConnectionContext;
import akka.http.javadsl.Http;
import akka.http.javadsl.HttpsConnectionContext;
import akka.http.javadsl.OutgoingConnection;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.UserAgent;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import io.finback.nodeagent.check.Outcome;
import io.finback.tasks.Probe;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;

/**
 * GETs as Mesos' checker does them (with {@code curl -L -k}): redirects are followed, certificates are not verified, the body is
 * not read. A connection of its own for every request, so that it is also seen when a task accepts no new ones. No thread waits
 * meanwhile. Source: apache/mesos {@code src/checks/checker_process.cpp}.
 */
final class HttpLook {
    /** More is a loop. */
    private static final int MOST_REDIRECTS = 10;

    private final ActorSystem<?> system;
    private final HttpsConnectionContext anyCertificate;

    HttpLook(ActorSystem<?> system) {
        this.system = system;
        SSLContext context = trusting();
        this.anyCertificate = ConnectionContext.httpsClient((host, port) -> {
            SSLEngine engine = context.createSSLEngine(host, port);
            engine.setUseClientMode(true);
            return engine;
        });
    }

    /** @param host the address the task is reached at; an IPv6 one without brackets */
    CompletionStage<Outcome> at(String host, Probe.Http probe, Duration timeout) {
        URI target;
        try {
            String path = probe.path().isEmpty() ? "/" : probe.path();
            target = URI.create(probe.scheme() + "://" + (host.contains(":") ? "[" + host + "]" : host) + ":"
                    + probe.port() + path);
        } catch (IllegalArgumentException e) {
            return CompletableFuture.completedFuture(new Outcome.Broken("no address: " + e.getMessage()));
        }
        return get(target, MOST_REDIRECTS)
                .toCompletableFuture()
                .completeOnTimeout(new Outcome.TimedOut(timeout), timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    private CompletionStage<Outcome> get(URI target, int redirects) {
        HttpRequest request = HttpRequest.GET(target.toString()).addHeader(UserAgent.create("finback-check"));
        return Source.single(request)
                .via(connection(target))
                .runWith(Sink.head(), system)
                .thenCompose(response -> answered(target, response, redirects))
                .exceptionally(failure -> new Outcome.Broken(why(failure)));
    }

    private CompletionStage<Outcome> answered(URI target, HttpResponse response, int redirects) {
        NotUsed unread = response.entity().getDataBytes().runWith(Sink.cancelled(), system);
        Objects.requireNonNull(unread);
        int status = response.status().intValue();
        Optional<URI> next = isRedirect(status) ? location(target, response) : Optional.empty();
        if (next.isEmpty()) {
            return CompletableFuture.completedFuture(new Outcome.Answered(status));
        }
        if (redirects == 0) {
            return CompletableFuture.completedFuture(
                    new Outcome.Broken("more than " + MOST_REDIRECTS + " redirects, the last to " + next.get()));
        }
        return get(next.get(), redirects - 1);
    }

    private Flow<HttpRequest, HttpResponse, CompletionStage<OutgoingConnection>> connection(URI target) {
        boolean secure = target.getScheme().equals("https");
        int port = target.getPort() >= 0 ? target.getPort() : secure ? 443 : 80;
        var to = Http.get(system).connectionTo(target.getHost()).toPort(port);
        return secure ? to.withCustomHttpsConnectionContext(anyCertificate).https() : to.http();
    }

    private static boolean isRedirect(int status) {
        return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    }

    private static Optional<URI> location(URI from, HttpResponse response) {
        try {
            return response.getHeader("Location")
                    .map(HttpHeader::value)
                    .map(from::resolve)
                    .filter(uri -> uri.getHost() != null)
                    .filter(uri -> "http".equals(uri.getScheme()) || "https".equals(uri.getScheme()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static String why(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return "no answer: " + (cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage());
    }

    private static SSLContext trusting() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new AnyCertificate()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has TLS", e);
        }
    }
}
