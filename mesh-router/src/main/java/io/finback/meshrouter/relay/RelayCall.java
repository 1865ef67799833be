package io.finback.meshrouter.relay;

import io.finback.meshrouter.resilience.FailureAccrual.Outcome;
import io.finback.meshrouter.resilience.ResponseClassifier.Verdict;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.traffic.Endpoint;
import io.finback.meshrouter.traffic.ErrorAnswer;
import io.finback.meshrouter.traffic.RequestHead;
import io.finback.meshrouter.traffic.RequestTrace;
import io.finback.meshrouter.traffic.Routing;
import io.finback.meshrouter.traffic.Tries;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One call on its way through the router, with all its attempts. Runs on the event loop of the client's connection.
 *
 * <p>What was provably not processed (no connection, refused, not written) is sent again within the budget of requeues; what the classifier
 * calls a retryable failure within the budget of retries, after the configured pause; both only while the whole request can be sent once
 * more and nothing of an answer was passed on.
 */
final class RelayCall<Q, R> extends Stalls.Call {
    private final RelayServer<Q, R> server;
    private final Dialect<Q, R> dialect;
    private final Peer peer;
    private final Q request;
    private final Context context;
    private final Reply<R> reply = new Reply<>();
    private final long startNanos = System.nanoTime();
    private final long epochMillis;
    private final CallTimers timers;
    private @Nullable CallTrace<Q> trace;
    private final Stalls stalls;
    private final BindingWait binding = new BindingWait();
    private long steps;

    private Routing.@Nullable To to;
    private @Nullable Outgoing<Q> outgoing;
    private @Nullable Tries tries;
    private @Nullable Attempt attempt;
    /** The client has its answer, or its failure. */
    private boolean told;

    private boolean over;

    RelayCall(RelayServer<Q, R> server, Peer peer, Stalls stalls, Q request, Context context) {
        this.server = server;
        this.dialect = server.dialect();
        this.peer = peer;
        this.stalls = stalls;
        this.request = request;
        this.context = context;
        this.timers = new CallTimers(peer.loop());
        this.epochMillis = server.accessLog().isPresent() ? System.currentTimeMillis() : 0;
    }

    Reply<R> start() {
        reply.onInterrupt(why -> peer.run(() -> cancel(why)));
        boolean welcome = server.gate().began();
        stalls.began(this);
        Optional<ErrorAnswer> refusal = dialect.admit(request, peer, server.policy(), server.settings());
        trace = CallTrace.of(dialect, request, context, server.policy().traces());
        if (refusal.isPresent()) {
            refuse(refusal.get());
        } else if (!welcome) {
            refuse(server.gate().tooManyRequests());
        } else {
            server.policy().timeout().ifPresent(limit -> timer(limit, () -> timedOut("timeout", limit)));
            route(dialect.head(request, context));
        }
        return reply;
    }

    // --- where to ---

    private void route(RequestHead head) {
        Runnable next = server.routing()
                .route(head)
                .match(
                        found -> () -> begin(found),
                        refusal -> () -> refuse(refusal.error()),
                        waiting -> () -> await(head, waiting));
        next.run();
    }

    /** Asks again at the next change of any name, within the binding timeout. */
    private void await(RequestHead head, Routing.Waiting waiting) {
        if (!binding.hasBegun()) {
            Duration limit = server.settings().bindingTimeout();
            timer(limit, () -> {
                if (to == null) {
                    refuse(ErrorAnswer.unavailable("binding timed out after " + limit + ": " + waiting.what()));
                }
            });
        }
        binding.until(waiting, peer, () -> route(head));
    }

    private void begin(Routing.To found) {
        to = found;
        binding.end();
        found.service().stats().request();
        found.service().retries().deposit(startNanos);
        found.destination().requeues().deposit(startNanos);
        outgoing = dialect.outgoing(request, context, found, server.policy(), CallTrace.trace(trace));
        tries = new Tries(
                found, server.settings().retryLimit(), server.settings().connectTimeout());
        found.service()
                .policy()
                .totalTimeout()
                .ifPresent(limit -> timer(limit, () -> timedOut("total timeout", limit)));
        next();
    }

    // --- attempts ---

    private void next() {
        Routing.To found = Objects.requireNonNull(to);
        Endpoint endpoint = Objects.requireNonNull(tries).next(System.nanoTime());
        if (endpoint == null) {
            refuse(ErrorAnswer.noBrokers(
                    found.name(), "no ready instance of " + found.destination().id()));
            return;
        }
        Attempt begun = new Attempt(found, endpoint);
        attempt = begun;
        steps++;
        begun.start();
    }

    private boolean isRepeatable() {
        return !told && outgoing != null && outgoing.isRepeatable();
    }

    /** Whether what failed is tried again; takes one from the budget then. */
    private boolean retries() {
        return isRepeatable() && Objects.requireNonNull(tries).retries(System.nanoTime());
    }

    /** One attempt: a connection, a request, perhaps an answer. */
    private final class Attempt {
        private final Routing.To found;
        private final Endpoint endpoint;
        private final long begunNanos = System.nanoTime();
        private @Nullable Service<Q, R> session;
        private @Nullable Reply<?> waitsFor;
        private final CallTimers limit = new CallTimers(peer.loop());
        private @Nullable Answered<R> answered;
        private final RequestTrace.@Nullable Attempt span = RequestTrace.attemptOf(CallTrace.trace(trace));
        private boolean ended;

        Attempt(Routing.To found, Endpoint endpoint) {
            this.found = found;
            this.endpoint = endpoint;
        }

        void start() {
            found.destination().policy().attemptTimeout().ifPresent(most -> limit.after(most, () -> tookTooLong(most)));
            Reply<Service<Q, R>> acquiring = server.relay().upstreams().acquire(found, endpoint, peer.loop(), context);
            then(acquiring, this::send, this::noConnection, Upstreams::giveBack);
        }

        /** Goes on with what {@code coming} brings; once the attempt has ended, what comes all the same is {@code late}. */
        private <X> void then(Reply<X> coming, Consumer<X> next, Consumer<Throwable> failed, Consumer<X> late) {
            if (!coming.isSuccess()) {
                waitsFor = coming;
            }
            peer.hear(coming, value -> (ended ? late : next).accept(value), failure -> {
                if (!ended) {
                    failed.accept(failure);
                }
            });
        }

        private void noConnection(Throwable failure) {
            if (failure instanceof Failure.NotConnected) {
                endpoint.connectFailed(System.nanoTime());
                found.destination().stats().connectFailed();
            }
            failed(failure);
        }

        private void send(Service<Q, R> service) {
            session = service;
            endpoint.connected();
            Outgoing<Q> out = Objects.requireNonNull(outgoing);
            if (trace != null && span != null) {
                out = trace.sent(out, span);
            }
            then(service.call(out.next(), out.context()), this::judge, this::failed, late -> {});
        }

        private void judge(R response) {
            boolean again = isRepeatable() && Objects.requireNonNull(tries).isLeft();
            then(
                    dialect.judge(
                            request,
                            Objects.requireNonNull(outgoing),
                            response,
                            found.service().policy(),
                            peer,
                            again),
                    this::judged,
                    this::failed,
                    late -> {});
        }

        private void judged(Answered<R> judged) {
            if (judged.verdict() == Verdict.RETRYABLE_FAILURE && retries()) {
                dialect.discard(judged.response());
                end(Outcome.FAILURE, judged.status() < 0 ? 0 : judged.status(), -1);
                pause();
                return;
            }
            answered = judged;
            steps++;
            timers.cancel();
            long took = System.nanoTime() - begunNanos;
            long tookInAll = System.nanoTime() - startNanos;
            Reply<Outcome> later = judged.end();
            if (later == null) {
                finish(this, judged, judged.outcome(), took, tookInAll);
            }
            told = true;
            reply.complete(judged.response());
            if (later != null) {
                later.onDone((outcome, failure) -> peer.run(
                        () -> finish(this, judged, failure == null ? outcome : Outcome.FAILURE, took, tookInAll)));
            }
        }

        private void tookTooLong(Duration most) {
            if (ended || answered != null) {
                return;
            }
            Failure late = new Failure.TimedOut("attempt", endpoint.toString(), most, 0);
            giveUp(Outcome.FAILURE, late);
            if (dialect.repeatsLost(request, found.service().policy()) && retries()) {
                pause();
            } else {
                refuse(ErrorAnswer.unavailable("attempt timeout of " + most + " exceeded"));
            }
        }

        private void failed(Throwable failure) {
            if (Failure.retryable(failure)
                    && isRepeatable()
                    && Objects.requireNonNull(tries).requeues(System.nanoTime())) {
                end(Outcome.FAILURE, 0, -1);
                next();
                return;
            }
            boolean lost = failure instanceof Failure.ChannelClosed;
            if (lost && dialect.repeatsLost(request, found.service().policy()) && retries()) {
                end(Outcome.FAILURE, 0, -1);
                pause();
                return;
            }
            boolean nobody = (Failure.flagsOf(failure) & (Failure.INTERRUPTED | Failure.IGNORABLE)) != 0;
            end(nobody ? Outcome.IGNORED : Outcome.FAILURE, 0, -1);
            fail(dialect.failed(failure, found, !server.policy().clearContext()), 502);
        }

        /** Whoever works on it is told that nobody waits any more; what they say to that is not heard. */
        void giveUp(Outcome outcome, Throwable why) {
            if (ended) {
                return;
            }
            ended = true;
            Reply<?> waiting = waitsFor;
            if (waiting != null) {
                waiting.interrupt(why);
            }
            account(outcome, 0, -1);
        }

        void end(Outcome outcome, int status, long tookNanos) {
            if (!ended) {
                ended = true;
                account(outcome, status, tookNanos);
            }
        }

        private void account(Outcome outcome, int status, long tookNanos) {
            limit.cancel();
            Objects.requireNonNull(tries).end(outcome, status, tookNanos, System.nanoTime());
            if (trace != null && span != null) {
                trace.ended(span, found, endpoint, outcome, status);
            }
            Service<Q, R> held = session;
            session = null;
            if (held != null) {
                Upstreams.giveBack(held);
            }
        }
    }

    private void pause() {
        Duration pause = Objects.requireNonNull(tries).pause();
        if (pause.isZero()) {
            next();
        } else {
            timer(pause, this::next);
        }
    }

    private void timer(Duration limit, Runnable then) {
        timers.after(limit, () -> {
            if (!over && !told) {
                then.run();
            }
        });
    }

    @Override
    long moved() {
        Answered<R> answer = attempt == null ? null : attempt.answered;
        return steps
                + (outgoing == null ? 0 : outgoing.moved())
                + (answer == null ? 0 : answer.bytes().getAsLong());
    }

    @Override
    void stalled(Duration limit) {
        String why = "nothing moved for " + limit;
        Answered<R> answer = attempt == null ? null : attempt.answered;
        if (told && answer != null) {
            dialect.giveUp(answer.response(), new Failure(why, Failure.INTERRUPTED));
        } else {
            refuse(ErrorAnswer.unavailable(why));
        }
    }

    private void timedOut(String what, Duration limit) {
        refuse(ErrorAnswer.unavailable(what + " of " + limit + " exceeded"));
    }

    /** Nobody waits any more. */
    private void cancel(Throwable why) {
        if (over || told) {
            return;
        }
        Attempt current = attempt;
        if (current != null) {
            current.giveUp(Outcome.IGNORED, why);
        }
        over(0, false, 0, System.nanoTime() - startNanos);
        boolean unused = reply.fail(why);
    }

    // --- the end ---

    private void refuse(ErrorAnswer error) {
        Attempt current = attempt;
        if (current != null) {
            current.giveUp(Outcome.FAILURE, new Failure("given up: " + error.reason(), Failure.INTERRUPTED));
        }
        fail(dialect.error(error, !server.policy().clearContext()), error.status());
    }

    private void fail(Reply<R> answer, int status) {
        if (over || told) {
            return;
        }
        over(answer.isSuccess() ? status : 0, false, 0, System.nanoTime() - startNanos);
        told = true;
        answer.onDone((response, failure) -> {
            boolean unused = failure == null ? reply.complete(response) : reply.fail(failure);
        });
    }

    private void finish(Attempt of, Answered<R> answered, Outcome outcome, long tookNanos, long inAllNanos) {
        of.end(outcome, answered.status(), tookNanos);
        over(answered.status(), outcome == Outcome.SUCCESS, answered.bytes().getAsLong(), inAllNanos);
    }

    private void over(int status, boolean success, long bytes, long tookNanos) {
        if (over) {
            return;
        }
        over = true;
        stalls.ended(this);
        timers.cancel();
        binding.end();
        if (to != null) {
            to.service().stats().answer(status, success, tookNanos);
        }
        if (trace != null) {
            trace.ended(to, tries, peer, status, success);
        }
        server.ended(request, peer, epochMillis, status, success, bytes, tookNanos);
    }
}
