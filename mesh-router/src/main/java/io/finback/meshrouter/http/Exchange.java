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
    /** What the instance of this attempt has answered. */
    private int answered;

    private Duration lastPause = Duration.ZERO;
    private Verdict verdict = Verdict.FAILURE;
    private boolean done;
    private String awaited = "";
    private @Nullable Runnable stopWaiting;
    private @Nullable Runnable waiter;
    private long bytesSent;
    private final String uri;
    private final long epochMillis;

    Exchange(ClientConnection client, HttpRequest head, boolean bodyless) {
        this.client = client;
        this.loop = client.loop();
        this.head = head;
        this.bodyless = bodyless;
        this.uri = head.uri();
        client.server().began();
        this.epochMillis = client.server().isLogging() ? System.currentTimeMillis() : 0;
    }

    // --- from the client ---

    void start(Routing routing) {
        Runnable next = routing.route(head)
                .match(
                        found -> () -> begin(found),
                        refusal -> () -> fail(refusal.error()),
                        waiting -> () -> await(routing, waiting));
        next.run();
    }

    /** Asks again at the next change of any name, within the binding timeout. */
    private void await(Routing routing, Routing.Waiting waiting) {
        awaited = waiting.what();
        stopWaiting = waiting.subscribe().apply(() -> loop.eventLoop().execute(() -> {
            if (!done && to == null) {
                start(routing);
                client.pump();
            }
        }));
    }

    private void begin(Routing.To found) {
        to = found;
        stopWaiting = null;
        found.service().stats().request();
        found.service().retries().deposit(startNanos);
        found.destination().requeues().deposit(startNanos);
        Heads.prepare(head, found, client.server().policy());
        found.service()
                .policy()
                .totalTimeout()
                .ifPresent(limit -> Heads.deadline(head.headers(), System.currentTimeMillis(), limit));
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
                ? found.destination()
                        .policy()
                        .pool()
                        .idleTime()
                        .orElse(client.settings().upstreamIdleTimeout())
                        .toNanos()
                : FRESH_NANOS;
        UpstreamConnection pooled = retry ? null : loop.poll(picked, maxIdle);
        if (pooled != null) {
            send(pooled);
        } else {
            connect(found, picked, tried.size());
        }
    }

    private void connect(Routing.To found, Endpoint picked, int number) {
        Runnable again = () -> loop.eventLoop().execute(() -> {
            if (isOver(number)) {
                picked.permits().passOn();
            } else {
                UpstreamConnection freed = loop.poll(picked, FRESH_NANOS);
                if (freed != null) {
                    send(freed);
                } else {
                    connect(found, picked, number);
                }
            }
        });
        switch (picked.permits().take(again)) {
            case GRANTED ->
                loop.connect(
                        client.settings(),
                        picked,
                        connection -> onConnected(number, connection),
                        failure -> onConnectFailed(number, found, failure));
            case QUEUED -> waiter = again;
            case TOO_MANY_WAITERS ->
                fail(ErrorAnswer.unavailable("more than " + picked.pool().maxWaiters()
                        + " requests wait for a connection to " + picked + " (hostConnectionPool.maxWaiters)"));
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
        answered = status;
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
            bytesSent += content.content().readableBytes();
            client.write(content);
        }
    }

    void onResponseEnd(LastHttpContent last) {
        bytesSent += last.content().readableBytes();
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
        if (done || responseBegun) {
            return;
        }
        Optional<Duration> server = client.server().policy().timeout();
        if (server.isPresent() && now - startNanos > server.get().toNanos()) {
            fail(ErrorAnswer.unavailable("timeout of " + server.get() + " exceeded (servers.timeoutMs)"));
            return;
        }
        if (found == null) {
            Duration limit = client.settings().bindingTimeout();
            if (stopWaiting != null && now - startNanos > limit.toNanos()) {
                fail(ErrorAnswer.unavailable("binding timed out after " + limit + ": " + awaited));
            }
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
        return !responseBegun && !bodyTaken && tried.size() <= client.settings().retryLimit();
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
            record(to.destination().stats(), outcome == FailureAccrual.Outcome.SUCCESS, now - attemptNanos, answered);
        }
        Runnable waiting = waiter;
        waiter = null;
        if (waiting != null && current != null) {
            current.permits().forget(waiting);
        }
        endpoint = null;
        answered = 0;
        UpstreamConnection connection = upstream;
        upstream = null;
        if (connection != null) {
            connection.release(complete && upstreamKeepAlive && requestSent);
        }
    }

    private void finish(boolean complete, boolean givenUp) {
        done = true;
        Runnable stop = stopWaiting;
        stopWaiting = null;
        if (stop != null) {
            stop.run();
        }
        boolean success = complete && verdict == Verdict.SUCCESS;
        endAttempt(
                success
                        ? FailureAccrual.Outcome.SUCCESS
                        : givenUp ? FailureAccrual.Outcome.IGNORED : FailureAccrual.Outcome.FAILURE,
                complete);
        long nanos = System.nanoTime() - startNanos;
        if (to != null) {
            record(to.service().stats(), success, nanos, status);
        }
        client.server().ended();
        client.serverStats().request();
        record(client.serverStats(), success, nanos, status);
        if (client.server().isLogging()) {
            client.server().log(client, head, uri, status, bytesSent, epochMillis);
        }
        ReferenceCountUtil.release(head);
    }

    private static void record(Stats stats, boolean success, long nanos, int status) {
        stats.status(status);
        if (success) {
            stats.success(nanos);
        } else {
            stats.failure(nanos);
        }
    }
}
