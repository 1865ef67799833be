package io.finback.meshrouter.http;

import io.finback.meshrouter.resilience.FailureAccrual;
import io.finback.meshrouter.resilience.ResponseClassifier.Verdict;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response, with all attempts. Runs on the client's event loop.
 *
 * <p>Retries happen only while the response has not begun and nothing of the request's body was taken from the client: after a connect
 * that failed (nothing was sent), and, for idempotent methods, after a connection that was lost. Each goes to an instance not tried
 * yet while there is one, on a new connection. A response that breaks off is never completed: the client's connection is closed.
 */
final class Exchange {
    /** What is not idempotent takes only connections used this lately: the peer has hardly begun to close them. */
    private static final long FRESH_NANOS = Duration.ofSeconds(1).toNanos();

    private final ClientConnection client;
    private final Loop loop;
    private final HttpRequest head;
    private final boolean bodyless;
    private final long startNanos = System.nanoTime();
    private final List<Endpoint> tried = new ArrayList<>(2);
    private final List<String> connectFailures = new ArrayList<>(0);

    private Routing.@Nullable To to;
    private @Nullable Endpoint endpoint;
    private @Nullable UpstreamConnection upstream;
    private long attemptNanos;
    private boolean bodyTaken;
    private boolean requestSent;
    private boolean responseBegun;
    private boolean responseHasNoBody;
    private boolean upstreamKeepAlive;
    private int status;
    private Duration lastPause = Duration.ZERO;
    private Verdict verdict = Verdict.FAILURE;
    private boolean done;

    Exchange(ClientConnection client, HttpRequest head, boolean bodyless) {
        this.client = client;
        this.loop = client.loop();
        this.head = head;
        this.bodyless = bodyless;
    }

    // --- from the client ---

    void start(Routing routing) {
        Runnable next = routing.route(head).match(found -> () -> begin(found), refusal -> () -> fail(refusal.error()));
        next.run();
    }

    private void begin(Routing.To found) {
        to = found;
        found.service().stats().request();
        found.service().retries().deposit(startNanos);
        found.destination().requeues().deposit(startNanos);
        Heads.prepare(head, found);
        attempt(found);
    }

    boolean isBodyless() {
        return bodyless;
    }

    boolean isDone() {
        return done;
    }

    boolean isHead() {
        return head.method().equals(HttpMethod.HEAD);
    }

    long startNanos() {
        return startNanos;
    }

    boolean responseBegun() {
        return responseBegun;
    }

    /** Whether the next piece of the request's body can be passed on. */
    boolean acceptsBody() {
        return upstream != null && upstream.isWritable();
    }

    void onRequestContent(HttpContent content) {
        UpstreamConnection current = upstream;
        if (done || current == null) {
            content.release();
            return;
        }
        bodyTaken = true;
        requestSent = content instanceof LastHttpContent;
        current.write(content);
    }

    void flushUpstream() {
        if (upstream != null) {
            upstream.flush();
        }
    }

    /** The client is gone, or its request broke off: nobody waits for the answer. */
    void cancel() {
        if (!done) {
            finish(false, true);
        }
    }

    void onClientWritable() {
        if (upstream != null) {
            upstream.pump();
        }
    }

    /** Answers with an error if the response has not begun, else breaks the connection off. */
    void fail(ErrorAnswer error) {
        if (done) {
            return;
        }
        if (responseBegun) {
            finish(false, false);
            client.abort();
            return;
        }
        status = error.status();
        finish(false, false);
        client.answer(error);
    }

    // --- attempts ---

    private void attempt(Routing.To found) {
        List<Endpoint> ready = found.destination().endpoints();
        if (ready.isEmpty()) {
            fail(ErrorAnswer.noBrokers(
                    found.name(), "no ready instance of " + found.destination().id()));
            return;
        }
        List<Endpoint> untried = tried.isEmpty()
                ? ready
                : ready.stream().filter(e -> !tried.contains(e)).toList();
        long now = System.nanoTime();
        Endpoint picked = found.destination().pick(untried.isEmpty() ? ready : untried, now);
        boolean retry = !tried.isEmpty();
        tried.add(picked);
        endpoint = picked;
        attemptNanos = now;
        picked.begin(now);
        found.destination().stats().request();
        long maxIdle = HttpRules.isIdempotent(head.method())
                ? loop.settings().upstreamIdleTimeout().toNanos()
                : FRESH_NANOS;
        UpstreamConnection pooled = retry ? null : loop.poll(picked, maxIdle);
        if (pooled != null) {
            send(pooled);
        } else {
            int number = tried.size();
            loop.connect(
                    picked,
                    connection -> onConnected(number, connection),
                    failure -> onConnectFailed(number, found, failure));
        }
    }

    private void onConnected(int number, UpstreamConnection connection) {
        connection.endpoint().connected();
        if (to != null) {
            to.destination().stats().connected();
        }
        if (isOver(number)) {
            connection.release(true);
            return;
        }
        send(connection);
    }

    /** Another attempt was begun, or nobody waits any more. */
    private boolean isOver(int number) {
        return done || endpoint == null || number != tried.size();
    }

    private void onConnectFailed(int number, Routing.To found, Loop.ConnectFailure failure) {
        failure.endpoint().connectFailed(System.nanoTime());
        found.destination().stats().connectFailed();
        if (isOver(number)) {
            return;
        }
        connectFailures.add(failure.reason());
        endAttempt(FailureAccrual.Outcome.FAILURE, false);
        if (mayTryAgain() && found.destination().requeues().tryWithdraw(System.nanoTime())) {
            found.service().stats().retry();
            attempt(found);
        } else if (failure.resolving()) {
            fail(ErrorAnswer.unavailable("binding timed out or failed: " + String.join("; ", connectFailures)));
        } else {
            fail(ErrorAnswer.badGateway(
                    "Unable to connect to " + found.destination().id() + ": " + String.join("; ", connectFailures)));
        }
    }

    private void send(UpstreamConnection connection) {
        upstream = connection;
        HttpRequest out = new DefaultHttpRequest(HttpVersion.HTTP_1_1, head.method(), head.uri(), head.headers());
        if (!out.headers().contains(HttpHeaderNames.HOST)) {
            out.headers().set(HttpHeaderNames.HOST, connection.endpoint().toString());
        }
        connection.writeHead(out);
        if (bodyless) {
            connection.write(LastHttpContent.EMPTY_LAST_CONTENT);
            requestSent = true;
        }
        connection.flush();
        connection.attach(this);
        client.pump();
    }

    // --- from the instance ---

    boolean clientIsWritable() {
        return client.isWritable();
    }

    void flushClient() {
        client.flush();
    }

    void onUpstreamWritable() {
        client.pump();
    }

    void onInterim(HttpResponse response) {
        boolean relayed = response.status().code() != 101;
        if (!relayed) {
            onUpstreamLost("unexpected 101 Switching Protocols");
            return;
        }
        if (!client.isHttp10()) {
            HttpRules.stripHopByHop(response.headers());
            client.writeInterim(response);
        }
    }

    void onResponse(HttpResponse response) {
        status = response.status().code();
        Routing.To found = to;
        if (found != null) {
            verdict = found.service()
                    .policy()
                    .classifier()
                    .classify(head.method().name(), status, HttpRules.saysRetryable(response));
            if (verdict == Verdict.RETRYABLE_FAILURE && takeRetry(found)) {
                ReferenceCountUtil.release(response);
                tryAgain(found);
                return;
            }
        }
        responseBegun = true;
        client.progress();
        Heads.Framing framing = Heads.prepare(response, isHead(), client.isHttp10());
        responseHasNoBody = !framing.hasBody();
        upstreamKeepAlive = framing.keepAlive();
        client.writeHead(response, framing.delimitedByClose());
    }

    void onResponseContent(HttpContent content) {
        client.progress();
        if (responseHasNoBody) {
            content.release();
        } else {
            client.write(content);
        }
    }

    void onResponseEnd(LastHttpContent last) {
        client.write(last);
        finish(true, false);
        client.exchangeFinished();
    }

    void onUpstreamLost(String reason) {
        if (done) {
            return;
        }
        Routing.To found = to;
        if (found != null && HttpRules.isIdempotent(head.method()) && takeRetry(found)) {
            tryAgain(found);
        } else {
            fail(ErrorAnswer.badGateway("no response: " + reason));
        }
    }

    /** An attempt that takes too long is given up, as if its connection had been lost. */
    void checkTimeouts(long now) {
        Routing.To found = to;
        if (done || responseBegun || found == null) {
            return;
        }
        Optional<Duration> total = found.service().policy().totalTimeout();
        Optional<Duration> attempt = found.destination().policy().attemptTimeout();
        if (total.isPresent() && now - startNanos > total.get().toNanos()) {
            fail(ErrorAnswer.unavailable("total timeout of " + total.get() + " exceeded"));
        } else if (attempt.isPresent()
                && endpoint != null
                && now - attemptNanos > attempt.get().toNanos()) {
            if (HttpRules.isIdempotent(head.method()) && takeRetry(found)) {
                tryAgain(found);
            } else {
                fail(ErrorAnswer.unavailable("attempt timeout of " + attempt.get() + " exceeded"));
            }
        }
    }

    private boolean mayTryAgain() {
        return !responseBegun && !bodyTaken && tried.size() <= loop.settings().retryLimit();
    }

    private boolean takeRetry(Routing.To found) {
        return mayTryAgain() && found.service().retries().tryWithdraw(System.nanoTime());
    }

    private void tryAgain(Routing.To found) {
        endAttempt(FailureAccrual.Outcome.FAILURE, false);
        found.service().stats().retry();
        requestSent = false;
        lastPause = found.service().policy().backoff().next(tried.size() - 1, lastPause, ThreadLocalRandom.current());
        if (lastPause.isZero()) {
            attempt(found);
            return;
        }
        var pausing = loop.eventLoop()
                .schedule(
                        () -> {
                            if (!done) {
                                attempt(found);
                            }
                        },
                        lastPause.toNanos(),
                        TimeUnit.NANOSECONDS);
        Objects.requireNonNull(pausing);
    }

    // --- the end ---

    /** Ends the attempt under way; a connection that is not clean is closed. */
    private void endAttempt(FailureAccrual.Outcome outcome, boolean complete) {
        Endpoint current = endpoint;
        if (current != null && to != null) {
            long now = System.nanoTime();
            current.end(outcome, now - attemptNanos, now);
            record(to.destination().stats(), outcome == FailureAccrual.Outcome.SUCCESS, now - attemptNanos);
        }
        endpoint = null;
        UpstreamConnection connection = upstream;
        upstream = null;
        if (connection != null) {
            connection.release(complete && upstreamKeepAlive && requestSent);
        }
    }

    private void finish(boolean complete, boolean givenUp) {
        done = true;
        boolean success = complete && verdict == Verdict.SUCCESS;
        endAttempt(
                success
                        ? FailureAccrual.Outcome.SUCCESS
                        : givenUp ? FailureAccrual.Outcome.IGNORED : FailureAccrual.Outcome.FAILURE,
                complete);
        long nanos = System.nanoTime() - startNanos;
        if (to != null) {
            record(to.service().stats(), success, nanos);
        }
        client.serverStats().request();
        record(client.serverStats(), success, nanos);
        ReferenceCountUtil.release(head);
    }

    private static void record(Stats stats, boolean success, long nanos) {
        if (success) {
            stats.success(nanos);
        } else {
            stats.failure(nanos);
        }
    }
}
