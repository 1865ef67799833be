package io.finback.meshrouter.http;

import io.finback.meshrouter.resilience.FailureAccrual;
import io.finback.meshrouter.traffic.Endpoint;
import io.finback.meshrouter.traffic.ErrorAnswer;
import io.finback.meshrouter.traffic.RequestTrace;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.Tries;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of one exchange, one at a time: picks an instance, gets a connection to it, sends the request there. Runs on the client's
 * event loop.
 *
 * <p>There is another one only while the response has not begun and nothing of the request's body was taken from the client: after a
 * connect or a first write that failed (nothing was sent), and, for what the exchange says, after a failure. Each goes to an instance not
 * tried yet while there is one, on a new connection; after an answer, on one that is free and was used lately, if there is one, and to the
 * same instance when the rest of that answer has been read.
 */
final class Attempts {
    /** What is not idempotent takes only connections used this lately: the peer has hardly begun to close them. */
    private static final long FRESH_NANOS = Duration.ofSeconds(1).toNanos();

    private final Exchange exchange;
    private final ClientConnection client;
    private final Loop loop;
    private final HttpRequest head;
    private final Routing.To to;
    private final Tries tries;
    private final List<String> connectFailures = new ArrayList<>(0);

    private @Nullable UpstreamConnection upstream;
    private RequestTrace.@Nullable Attempt span;
    private boolean bodyTaken;
    private boolean requestSent;
    private boolean afterAnswer;
    private @Nullable UpstreamConnection emptying;
    private @Nullable Runnable waiter;

    Attempts(Exchange exchange, ClientConnection client, HttpRequest head, Routing.To to) {
        this.exchange = exchange;
        this.client = client;
        this.loop = client.loop();
        this.head = head;
        this.to = to;
        this.tries =
                new Tries(to, client.settings().retryLimit(), client.settings().connectTimeout());
    }

    void next() {
        Endpoint picked = tries.next(System.nanoTime());
        if (picked == null) {
            exchange.fail(ErrorAnswer.noBrokers(
                    to.name(), "no ready instance of " + to.destination().id()));
            return;
        }
        span = RequestTrace.attemptOf(exchange.trace());
        int number = tries.count();
        UpstreamConnection before = emptying;
        emptying = null;
        if (before != null && before.isDiscarding() && before.endpoint() == picked) {
            takeSoon(before, picked, number);
        } else {
            take(picked, number);
        }
    }

    /**
     * Waits for that connection, but not for long: a hundred attempts at once would each make one, which are kept when their answers have
     * ended, and a hundred that wait for slow ends would take seconds.
     */
    private void takeSoon(UpstreamConnection emptied, Endpoint picked, int number) {
        boolean[] taken = new boolean[1];
        Runnable once = () -> {
            if (!taken[0]) {
                taken[0] = true;
                if (!isOver(number)) {
                    take(picked, number);
                }
            }
        };
        emptied.whenDiscarded(once);
        var waiting =
                loop.eventLoop().schedule(once, client.settings().discardWait().toNanos(), TimeUnit.NANOSECONDS);
        Objects.requireNonNull(waiting);
    }

    private void take(Endpoint picked, int number) {
        UpstreamConnection pooled = pooled(picked);
        if (pooled != null) {
            send(pooled);
        } else {
            connect(picked, number);
        }
    }

    private @Nullable UpstreamConnection pooled(Endpoint picked) {
        if (tries.count() == 1) {
            return HttpRules.isIdempotent(head.method()) ? loop.poll(picked, maxIdleNanos()) : fresh(picked);
        }
        return afterAnswer ? fresh(picked) : null;
    }

    private long maxIdleNanos() {
        return to.destination()
                .policy()
                .pool()
                .idleTime()
                .orElse(client.settings().upstreamIdleTimeout())
                .toNanos();
    }

    /** One that was used just now. What cannot be sent again gets none whose end is known to the kernel but not here yet. */
    private @Nullable UpstreamConnection fresh(Endpoint picked) {
        UpstreamConnection found = loop.poll(picked, FRESH_NANOS);
        while (found != null && !HttpRules.isIdempotent(head.method()) && found.isEnding()) {
            found.close();
            found = loop.poll(picked, FRESH_NANOS);
        }
        return found;
    }

    private void connect(Endpoint picked, int number) {
        Runnable again = () -> loop.eventLoop().execute(() -> {
            if (isOver(number)) {
                picked.permits().passOn();
            } else {
                UpstreamConnection freed = fresh(picked);
                if (freed != null) {
                    send(freed);
                } else {
                    connect(picked, number);
                }
            }
        });
        switch (picked.permits().take(again)) {
            case GRANTED ->
                loop.connect(
                        client.settings(),
                        picked,
                        to.destination().stats(),
                        connection -> onConnected(number, connection),
                        failure -> onConnectFailed(number, failure));
            case QUEUED -> waiter = again;
            case TOO_MANY_WAITERS -> {
                to.destination().stats().waiterRefused();
                exchange.fail(
                        ErrorAnswer.unavailable("more than " + picked.pool().maxWaiters()
                                + " requests wait for a connection to " + picked + " (hostConnectionPool.maxWaiters)"));
            }
        }
    }

    private void onConnected(int number, UpstreamConnection connection) {
        connection.endpoint().connected();
        to.destination().stats().connected();
        if (isOver(number)) {
            connection.release(true);
            return;
        }
        send(connection);
    }

    /** Another attempt was begun, or nobody waits any more. */
    private boolean isOver(int number) {
        return exchange.isDone() || tries.endpoint() == null || number != tries.count();
    }

    private void onConnectFailed(int number, Loop.ConnectFailure failure) {
        failure.endpoint().connectFailed(System.nanoTime());
        to.destination().stats().connectFailed();
        if (isOver(number)) {
            return;
        }
        connectFailures.add(failure.reason());
        end(FailureAccrual.Outcome.FAILURE, false, 0);
        if (isUntouched() && tries.requeues(System.nanoTime())) {
            next();
        } else if (failure.resolving()) {
            exchange.fail(
                    ErrorAnswer.unavailable("binding timed out or failed: " + String.join("; ", connectFailures)));
        } else {
            exchange.fail(ErrorAnswer.badGateway(
                    "Unable to connect to " + to.destination().id() + ": " + String.join("; ", connectFailures)));
        }
    }

    private void send(UpstreamConnection connection) {
        upstream = connection;
        connection.attach(exchange);
        HttpRequest out = new DefaultHttpRequest(HttpVersion.HTTP_1_1, head.method(), head.uri(), head.headers());
        if (!out.headers().contains(HttpHeaderNames.HOST)) {
            out.headers().set(HttpHeaderNames.HOST, connection.endpoint().toString());
        }
        RequestTrace trace = exchange.trace();
        RequestTrace.Attempt sender = span;
        if (trace != null && sender != null) {
            trace.write(new HttpTraceHead(out.headers()), sender.ids());
        }
        connection.writeHead(out);
        if (exchange.isBodyless()) {
            connection.write(LastHttpContent.EMPTY_LAST_CONTENT);
            requestSent = true;
        }
        connection.flushHead();
        if (upstream == connection) {
            connection.pump();
            client.pump();
        }
    }

    /**
     * Makes another attempt, whatever the method, after one whose head did not even reach the socket: nobody can have processed it. False:
     * there is none left.
     */
    boolean sendAgain() {
        end(FailureAccrual.Outcome.FAILURE, false, 0);
        requestSent = false;
        if (!isUntouched() || !tries.requeues(System.nanoTime())) {
            return false;
        }
        next();
        return true;
    }

    // --- the request's body ---

    /** Whether the next piece can be passed on. */
    boolean acceptsBody() {
        return upstream != null && upstream.isWritable();
    }

    /** Takes one piece, and its reference. */
    void write(HttpContent content) {
        UpstreamConnection current = upstream;
        if (current == null) {
            content.release();
            return;
        }
        bodyTaken = true;
        requestSent = content instanceof LastHttpContent;
        current.write(content);
    }

    void flush() {
        if (upstream != null) {
            upstream.flush();
        }
    }

    /** The client takes more of the response. */
    void pump() {
        if (upstream != null) {
            upstream.pump();
        }
    }

    // --- the end of one ---

    boolean hasTakenLongerThan(Duration limit, long now) {
        return tries.hasTakenLongerThan(limit, now);
    }

    private boolean isUntouched() {
        return !exchange.responseBegun() && !bodyTaken;
    }

    /**
     * Ends this attempt as a failure and makes another, perhaps after a pause, if there is one left in every respect.
     *
     * @param answered the status of what it brought; 0 for none
     * @param soonOver whether the rest of its answer is worth reading, so that its connection may be used again
     */
    boolean tryAgain(int answered, boolean soonOver) {
        if (!isUntouched() || !tries.retries(System.nanoTime())) {
            return false;
        }
        UpstreamConnection answering = upstream;
        if (soonOver && requestSent && answering != null) {
            upstream = null;
            answering.discard();
            emptying = answering;
        }
        end(FailureAccrual.Outcome.FAILURE, false, answered);
        afterAnswer = answered != 0;
        requestSent = false;
        Duration pause = tries.pause();
        if (pause.isZero()) {
            next();
            return true;
        }
        var pausing = loop.eventLoop()
                .schedule(
                        () -> {
                            if (!exchange.isDone()) {
                                next();
                            }
                        },
                        pause.toNanos(),
                        TimeUnit.NANOSECONDS);
        Objects.requireNonNull(pausing);
        return true;
    }

    /** Ends the attempt under way, if there is one; its connection is closed unless it is {@code clean}. */
    void end(FailureAccrual.Outcome outcome, boolean clean, int answered) {
        Endpoint current = tries.endpoint();
        tries.end(outcome, answered, -1, System.nanoTime());
        RequestTrace.Attempt ended = span;
        span = null;
        if (ended != null && current != null) {
            ended.end(head.method().name(), to, current.toString(), answered, RequestTrace.error(outcome, answered));
        }
        Runnable waiting = waiter;
        waiter = null;
        if (waiting != null && current != null) {
            current.permits().forget(waiting);
        }
        UpstreamConnection connection = upstream;
        upstream = null;
        if (connection != null) {
            connection.release(clean && requestSent);
        }
    }

    /** How many there were. */
    int count() {
        return tries.count();
    }
}
