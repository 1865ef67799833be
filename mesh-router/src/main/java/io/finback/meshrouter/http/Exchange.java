package io.finback.meshrouter.http;

import io.finback.meshrouter.resilience.FailureAccrual;
import io.finback.meshrouter.resilience.ResponseClassifier.Verdict;
import io.finback.meshrouter.traffic.ErrorAnswer;
import io.finback.meshrouter.traffic.LinkerdHeaders;
import io.finback.meshrouter.traffic.RequestTrace;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.Traces;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response, with all {@link Attempts}. Runs on the client's event loop.
 *
 * <p>Retries are for idempotent methods after a connection that was lost, for any after one that did not even take the head, and for what
 * the classifier says. A response that breaks off is
 * never completed: the client's connection is closed.
 */
final class Exchange {
    private final ClientConnection client;
    private final Loop loop;
    private final HttpRequest head;
    private final boolean bodyless;
    private final long startNanos = System.nanoTime();
    private final String uri;
    private final long epochMillis;

    private @Nullable RequestTrace trace;

    private Routing.@Nullable To to;
    private @Nullable Attempts attempts;
    private boolean responseBegun;
    private boolean responseHasNoBody;
    private boolean upstreamKeepAlive;
    private int status;
    /** What the instance of this attempt has answered. */
    private int answered;

    private Verdict verdict = Verdict.FAILURE;
    private boolean done;
    private String awaited = "";
    private @Nullable Runnable stopWaiting;
    private long bytesSent;

    Exchange(ClientConnection client, HttpRequest head, boolean bodyless) {
        this.client = client;
        this.loop = client.loop();
        this.head = head;
        this.bodyless = bodyless;
        this.uri = head.uri();
        boolean unused = client.server().gate().began(); // asked for, once its head is known to be good
        this.epochMillis = client.server().isLogging() ? System.currentTimeMillis() : 0;
    }

    // --- from the client ---

    /** Once, when what the client may not say has been removed. */
    void beginTrace() {
        Traces traces = client.server().policy().traces();
        if (!traces.isQuiet()) {
            trace = traces.begin(new HttpTraceHead(head.headers()));
        }
    }

    void start(Routing routing) {
        Runnable next = routing.route(new HttpHead(head))
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
        Heads.prepare(head, found, client.server().policy(), trace);
        found.service().policy().totalTimeout().ifPresent(limit -> head.headers()
                .set(
                        LinkerdHeaders.CTX_DEADLINE,
                        LinkerdHeaders.deadline(
                                head.headers().get(LinkerdHeaders.CTX_DEADLINE), System.currentTimeMillis(), limit)));
        Attempts made = new Attempts(this, client, head, found);
        attempts = made;
        made.next();
    }

    @Nullable
    RequestTrace trace() {
        return trace;
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

    boolean responseBegun() {
        return responseBegun;
    }

    /** Whether the next piece of the request's body can be passed on. */
    boolean acceptsBody() {
        return attempts != null && attempts.acceptsBody();
    }

    void onRequestContent(HttpContent content) {
        if (done || attempts == null) {
            content.release();
        } else {
            attempts.write(content);
        }
    }

    void flushUpstream() {
        if (attempts != null) {
            attempts.flush();
        }
    }

    /** The client is gone, or its request broke off: nobody waits for the answer. */
    void cancel() {
        if (!done) {
            finish(false, true);
        }
    }

    void onClientWritable() {
        if (attempts != null) {
            attempts.pump();
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
            if (verdict == Verdict.RETRYABLE_FAILURE
                    && tryAgain(Heads.isSoonOver(
                            response, isHead(), client.settings().discardBytes()))) {
                ReferenceCountUtil.release(response);
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
        // Who waits has the answer before it is counted.
        client.flush();
        if (!done) {
            finish(true, false);
        }
        client.exchangeFinished();
    }

    void onUpstreamLost(String reason) {
        if (!done && !(HttpRules.isIdempotent(head.method()) && tryAgain(false))) {
            fail(ErrorAnswer.badGateway("no response: " + reason));
        }
    }

    /** Of this request the instance has received no whole head. */
    void onUnsent(String reason) {
        boolean again = done || (attempts != null && attempts.sendAgain());
        if (!again && !(HttpRules.isIdempotent(head.method()) && tryAgain(false))) {
            fail(ErrorAnswer.badGateway("no response: " + reason));
        }
    }

    /** {@code soonOver}: the connection is worth what there is still to read of its answer. */
    private boolean tryAgain(boolean soonOver) {
        int before = answered;
        answered = 0;
        if (attempts != null && attempts.tryAgain(before, soonOver)) {
            return true;
        }
        answered = before;
        return false;
    }

    /** An attempt that takes too long is given up, as if its connection had been lost. */
    void checkTimeouts(long now) {
        if (done || responseBegun) {
            return;
        }
        Optional<Duration> server = client.server().policy().timeout();
        if (isOver(server, now)) {
            fail(ErrorAnswer.unavailable("timeout of " + server.get() + " exceeded (servers.timeoutMs)"));
            return;
        }
        Routing.To found = to;
        if (found == null) {
            Duration limit = client.settings().bindingTimeout();
            if (stopWaiting != null && now - startNanos > limit.toNanos()) {
                fail(ErrorAnswer.unavailable("binding timed out after " + limit + ": " + awaited));
            }
            return;
        }
        Optional<Duration> total = found.service().policy().totalTimeout();
        Optional<Duration> attempt = found.destination().policy().attemptTimeout();
        if (isOver(total, now)) {
            fail(ErrorAnswer.unavailable("total timeout of " + total.get() + " exceeded"));
        } else if (attempt.isPresent()
                && attempts != null
                && attempts.hasTakenLongerThan(attempt.get(), now)
                && !(HttpRules.isIdempotent(head.method()) && tryAgain(false))) {
            fail(ErrorAnswer.unavailable("attempt timeout of " + attempt.get() + " exceeded"));
        }
    }

    private boolean isOver(Optional<Duration> limit, long now) {
        return limit.isPresent() && now - startNanos > limit.get().toNanos();
    }

    // --- the end ---

    private void finish(boolean complete, boolean givenUp) {
        done = true;
        Runnable stop = stopWaiting;
        stopWaiting = null;
        if (stop != null) {
            stop.run();
        }
        boolean success = complete && verdict == Verdict.SUCCESS;
        if (attempts != null) {
            attempts.end(
                    success
                            ? FailureAccrual.Outcome.SUCCESS
                            : givenUp ? FailureAccrual.Outcome.IGNORED : FailureAccrual.Outcome.FAILURE,
                    complete && upstreamKeepAlive,
                    answered);
        }
        long nanos = System.nanoTime() - startNanos;
        if (to != null) {
            to.service().stats().answer(status, success, nanos);
        }
        if (trace != null && trace.isTold()) {
            tell(trace, givenUp);
        }
        client.server().gate().ended();
        client.serverStats().request();
        client.serverStats().answer(status, success, nanos);
        if (client.server().isLogging()) {
            client.server().log(client, head, uri, status, bytesSent, epochMillis);
        }
        ReferenceCountUtil.release(head);
    }

    private void tell(RequestTrace of, boolean givenUp) {
        String method = head.method().name();
        String host = head.headers().get(HttpHeaderNames.HOST);
        String error = givenUp
                ? "the client did not wait for the answer"
                : status >= 500 ? Integer.toString(status) : status == 0 ? "no answer" : "";
        of.end(
                new RequestTrace.Request(
                        method,
                        method,
                        uri,
                        host == null ? "" : host,
                        head.protocolVersion().text()),
                to,
                RequestTrace.peer(client.remote()),
                status,
                attempts == null ? 0 : attempts.count(),
                error);
    }
}
