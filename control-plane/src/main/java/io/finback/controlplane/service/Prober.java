package io.finback.controlplane.service;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.ConnectionContext;
import akka.http.javadsl.Http;
import akka.http.javadsl.HttpsConnectionContext;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.UserAgent;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Keep;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import akka.stream.javadsl.Tcp;
import akka.util.ByteString;
import io.finback.controlplane.app.HealthReport;
import io.finback.controlplane.app.ProbeResult;
import io.finback.controlplane.scheduler.AppHealth;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Looks at instances over the network, a bounded number at once; more wait, and beyond that a look says nothing and is taken again later.
 * One connection each, closed after it. Certificates are not verified, as Marathon does not: a check asks whether somebody answers.
 * Thread-safe.
 */
final class Prober {
    private static final int MAX_WAITING = 4096;
    private static final long MAX_BODY = 4096;
    private static final int GOOD_FROM = 200;
    private static final int GOOD_BELOW = 400;

    private record Job(Supplier<CompletionStage<ProbeResult>> work, CompletableFuture<ProbeResult> result) {}

    private final ActorSystem<?> system;
    private final int limit;
    private final HttpsConnectionContext unverified;
    private final Queue<Job> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger queued = new AtomicInteger();
    private final AtomicInteger underWay = new AtomicInteger();

    Prober(ActorSystem<?> system, int limit) {
        this.system = system;
        this.limit = limit;
        this.unverified = ConnectionContext.httpsClient(unverifiedEngines());
    }

    CompletionStage<ProbeResult> check(AppHealth.Check check, String host, int port) {
        return switch (check.protocol()) {
            case HTTP, HTTPS ->
                later(() -> http(
                        check.protocol() == AppHealth.Protocol.HTTPS,
                        host,
                        port,
                        check.path().orElse("/"),
                        check.timeout(),
                        response -> verdict(check, response)));
            case TCP -> later(() -> tcp(host, port, check.timeout()));
            default -> CompletableFuture.completedFuture(ProbeResult.NOTHING);
        };
    }

    CompletionStage<ProbeResult> readiness(AppHealth.Readiness check, String host, int port) {
        return later(() ->
                http(check.https(), host, port, check.path(), check.timeout(), response -> ready(check, response)));
    }

    private CompletionStage<ProbeResult> later(Supplier<CompletionStage<ProbeResult>> work) {
        if (queued.incrementAndGet() > MAX_WAITING) {
            queued.decrementAndGet();
            return CompletableFuture.completedFuture(ProbeResult.NOTHING);
        }
        Job job = new Job(work, new CompletableFuture<>());
        waiting.add(job);
        next();
        return job.result();
    }

    private void next() {
        while (underWay.incrementAndGet() <= limit) {
            Job job = waiting.poll();
            if (job == null) {
                break;
            }
            queued.decrementAndGet();
            var unused = job.work()
                    .get()
                    .handleAsync(
                            (result, failure) -> {
                                underWay.decrementAndGet();
                                job.result().complete(failure == null ? result : failed(failure));
                                next();
                                return result;
                            },
                            system.executionContext());
        }
        underWay.decrementAndGet();
    }

    private static ProbeResult failed(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        String why = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return ProbeResult.of(false, why);
    }

    private CompletionStage<ProbeResult> http(
            boolean https,
            String host,
            int port,
            String path,
            Duration timeout,
            Function<HttpResponse, CompletionStage<ProbeResult>> verdict) {
        String target =
                (https ? "https" : "http") + "://" + host + ":" + port + (path.startsWith("/") ? "" : "/") + path;
        var to = Http.get(system).connectionTo(host).toPort(port);
        var connection = https ? to.withCustomHttpsConnectionContext(unverified).https() : to.http();
        HttpRequest request = HttpRequest.GET(target).addHeader(UserAgent.create("Finback health check"));
        return Source.single(request)
                .via(connection)
                .completionTimeout(timeout)
                .runWith(Sink.head(), system)
                .thenCompose(verdict);
    }

    private CompletionStage<ProbeResult> verdict(AppHealth.Check check, HttpResponse response) {
        response.discardEntityBytes(system);
        int status = response.status().intValue();
        if (status < GOOD_FROM && check.ignoreHttp1xx()) {
            return CompletableFuture.completedFuture(ProbeResult.NOTHING);
        }
        boolean good = status >= GOOD_FROM && status < GOOD_BELOW;
        return CompletableFuture.completedFuture(ProbeResult.of(good, "HTTP status " + status));
    }

    private CompletionStage<ProbeResult> ready(AppHealth.Readiness check, HttpResponse response) {
        int status = response.status().intValue();
        boolean good = check.readyCodes().contains(status);
        if (!check.preserve()) {
            response.discardEntityBytes(system);
            return CompletableFuture.completedFuture(ProbeResult.of(good, "HTTP status " + status));
        }
        String type = response.entity().getContentType().toString();
        return response.entity()
                .getDataBytes()
                .limitWeighted(MAX_BODY, bytes -> (long) bytes.size())
                .completionTimeout(check.timeout())
                .runFold(ByteString.emptyByteString(), ByteString::concat, system)
                .exceptionally(tooLarge -> ByteString.emptyByteString())
                .thenApply(body -> new ProbeResult(
                        Optional.of(good),
                        "HTTP status " + status,
                        Optional.of(new HealthReport.Answer(status, type, body.utf8String()))));
    }

    private CompletionStage<ProbeResult> tcp(String host, int port, Duration timeout) {
        Flow<ByteString, ByteString, CompletionStage<Tcp.OutgoingConnection>> connection = Tcp.get(system)
                .outgoingConnection(
                        InetSocketAddress.createUnresolved(host, port),
                        Optional.empty(),
                        java.util.List.of(),
                        false,
                        Optional.of(timeout),
                        Optional.empty());
        var running = Source.<ByteString>maybe()
                .viaMat(connection, Keep.both())
                .to(Sink.ignore())
                .run(system);
        return running.second().thenApply(connected -> {
            running.first().complete(Optional.empty());
            return ProbeResult.of(true, "");
        });
    }

    private static akka.japi.function.Function2<String, Integer, SSLEngine> unverifiedEngines() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new Anybody()}, new SecureRandom());
            return (host, port) -> {
                SSLEngine engine = context.createSSLEngine(host, port);
                engine.setUseClientMode(true);
                return engine;
            };
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("TLS is part of every JVM", e);
        }
    }

    private static final class Anybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
