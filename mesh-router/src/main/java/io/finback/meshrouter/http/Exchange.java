package io.finback.meshrouter.http;

import io.finback.meshrouter.balance.P2c;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
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
        found.serviceStats().request();
        prepare(found);
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
            finish(false);
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
            finish(false);
            client.abort();
            return;
        }
        status = error.status();
        finish(false);
        client.answer(error);
    }

    // --- attempts ---

    private void prepare(Routing.To found) {
        HttpHeaders headers = head.headers();
        boolean chunked = HttpUtil.isTransferEncodingChunked(head);
        HttpRules.stripHopByHop(headers);
        if (chunked) {
            headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        headers.remove("l5d-dtab");
        if (!found.localDtab().isEmpty()) {
            headers.set("l5d-ctx-dtab", found.localDtab());
        }
        HttpRules.appendVia(headers);
        headers.set("l5d-dst-service", found.service());
        headers.set("l5d-dst-client", found.destination().id());
        headers.set("l5d-dst-residual", found.residual());
    }

    private void attempt(Routing.To found) {
        List<Endpoint> ready = found.destination().endpoints();
        if (ready.isEmpty()) {
            fail(ErrorAnswer.noBrokers(
                    found.service(),
                    "no ready instance of " + found.destination().id()));
            return;
        }
        List<Endpoint> untried = tried.isEmpty()
                ? ready
                : ready.stream().filter(e -> !tried.contains(e)).toList();
        long now = System.nanoTime();
        Endpoint picked = P2c.pick(
                untried.isEmpty() ? ready : untried,
                Endpoint::load,
                candidate -> candidate.isOpen(now),
                ThreadLocalRandom.current());
        boolean retry = !tried.isEmpty();
        tried.add(picked);
        endpoint = picked;
        attemptNanos = now;
        picked.begin();
        found.destination().stats().request();
        long maxIdle = HttpRules.isIdempotent(head.method())
                ? loop.settings().upstreamIdleTimeout().toNanos()
                : FRESH_NANOS;
        UpstreamConnection pooled = retry ? null : loop.poll(picked, maxIdle);
        if (pooled != null) {
            send(pooled);
        } else {
            loop.connect(picked, this::onConnected, failure -> onConnectFailed(found, failure));
        }
    }

    private void onConnected(UpstreamConnection connection) {
        connection.endpoint().connected();
        if (to != null) {
            to.destination().stats().connected();
        }
        if (done) {
            connection.release(true);
            return;
        }
        send(connection);
    }

    private void onConnectFailed(Routing.To found, Loop.ConnectFailure failure) {
        failure.endpoint().connectFailed(System.nanoTime());
        found.destination().stats().connectFailed();
        if (done) {
            return;
        }
        connectFailures.add(failure.reason());
        endAttempt(false);
        if (tried.size() <= loop.settings().retryLimit()) {
            found.serviceStats().retry();
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
        responseBegun = true;
        status = response.status().code();
        client.progress();
        HttpHeaders headers = response.headers();
        responseHasNoBody = isHead() || status == 204 || status == 304;
        boolean chunked = HttpUtil.isTransferEncodingChunked(response);
        boolean sized = !chunked && headers.contains(HttpHeaderNames.CONTENT_LENGTH);
        upstreamKeepAlive = HttpUtil.isKeepAlive(response) && (responseHasNoBody || chunked || sized);
        HttpRules.stripHopByHop(headers);
        boolean delimitedByClose = false;
        if (!sized && (!responseHasNoBody || (chunked && isHead()))) {
            if (client.isHttp10()) {
                delimitedByClose = !responseHasNoBody;
            } else {
                headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
            }
        }
        HttpRules.appendVia(headers);
        response.setProtocolVersion(HttpVersion.HTTP_1_1);
        client.writeHead(response, delimitedByClose);
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
        finish(true);
        client.exchangeFinished();
    }

    void onUpstreamLost(String reason) {
        if (done) {
            return;
        }
        boolean replay = !responseBegun
                && !bodyTaken
                && HttpRules.isIdempotent(head.method())
                && tried.size() <= loop.settings().retryLimit();
        Routing.To found = to;
        if (replay && found != null) {
            endAttempt(false);
            found.serviceStats().retry();
            requestSent = false;
            attempt(found);
        } else {
            fail(ErrorAnswer.badGateway("no response: " + reason));
        }
    }

    // --- the end ---

    /** Ends the attempt under way; a connection that is not clean is closed. */
    private void endAttempt(boolean complete) {
        Endpoint current = endpoint;
        if (current != null && to != null) {
            current.end();
            Stats stats = to.destination().stats();
            long nanos = System.nanoTime() - attemptNanos;
            if (complete && status < 500) {
                stats.success(nanos);
            } else {
                stats.failure(nanos);
            }
        }
        endpoint = null;
        UpstreamConnection connection = upstream;
        upstream = null;
        if (connection != null) {
            connection.release(complete && upstreamKeepAlive && requestSent);
        }
    }

    private void finish(boolean complete) {
        done = true;
        endAttempt(complete);
        boolean success = complete && status < 500;
        long nanos = System.nanoTime() - startNanos;
        if (to != null) {
            record(to.serviceStats(), success, nanos);
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
