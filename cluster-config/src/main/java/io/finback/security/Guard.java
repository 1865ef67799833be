package io.finback.security;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.AttributeKey;
import akka.http.javadsl.model.AttributeKeys;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before a port: tells who asks, sends away who must say so and does not, lets nobody ask too often, and writes down every change and every refusal (logger
 * {@code finback.audit}) and counts them ({@link Refusals}). The principal goes with the request ({@link #principal}). Thread-safe.
 */
public final class Guard implements Rules {
    private static final String MEMBER_PATH = "/cluster/members/";
    private static final String SCHEME = "akka://";

    private static final AttributeKey<Principal> PRINCIPAL = AttributeKey.create("finback-principal", Principal.class);
    private static final Logger audit = LoggerFactory.getLogger("finback.audit");
    /** Hashing secrets is slow by design: two threads of it, so that guessing costs the guesser and not the master. */
    private static final int THREADS = 2;

    private static final int WAITING = 64;
    /** Tokens are checked in less than a thousandth of a second each, and beside secrets, so that guessing those keeps nobody with a token waiting. */
    private static final int TOKENS_WAITING = 4096;

    private static final long SAID_EVERY_NANOS = 1_000_000_000L;

    /** What a request is about. */
    public enum Door {
        /** Anyone may know: health, version. */
        OPEN,
        READ,
        WRITE,
        /** The scheduler API, where only refusals are written down. */
        FRAMEWORK,
        /** Who asks must say who they are, whatever the settings. */
        NAMED,
        /** A change of the cluster's members: by somebody who has said who they are, and whom a rule allows it by name. */
        MEMBERS
    }

    private final ActorSystem<?> system;
    private final String port;
    private final SecuritySettings settings;
    private final Authenticator authenticator;
    private final BiFunction<Integer, String, HttpResponse> refusal;
    private final ThreadPoolExecutor hashing;
    private final ThreadPoolExecutor tokens;
    private final LongAdder unauthenticated = new LongAdder();
    private final LongAdder forbidden = new LongAdder();
    private final LongAdder throttled = new LongAdder();
    private final Throttle throttle;
    private final AtomicLong throttledSaid = new AtomicLong(System.nanoTime() - SAID_EVERY_NANOS);
    private final LongAdder throttledUnsaid = new LongAdder();

    /**
     * @param port its name in metrics and audit lines
     * @param refusal the answer of this port with a status and a text
     */
    public Guard(
            ActorSystem<?> system,
            String port,
            SecuritySettings settings,
            BiFunction<Integer, String, HttpResponse> refusal) {
        this.system = system;
        this.port = port;
        this.settings = settings;
        this.authenticator = new Authenticator(settings.credentials(), settings.tokens());
        this.refusal = refusal;
        this.throttle = new Throttle(settings.rateLimits(), settings.longestWait());
        this.hashing = pool("finback-security-" + port, WAITING);
        this.tokens = pool("finback-tokens-" + port, TOKENS_WAITING);
        system.getWhenTerminated().thenRun(() -> {
            hashing.shutdownNow();
            tokens.shutdownNow();
        });
        Refusals.of(system).add(this);
    }

    private static ThreadPoolExecutor pool(String name, int waiting) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                THREADS, THREADS, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(waiting), work -> {
                    Thread thread = new Thread(work, name);
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** Who asks; empty: they did not say, and nobody wanted to know. */
    public static Optional<Principal> principal(HttpRequest request) {
        return request.getAttribute(PRINCIPAL);
    }

    /** {@code answer}, with this before it. */
    public Function<HttpRequest, CompletionStage<HttpResponse>> before(
            Function<HttpRequest, Door> doors, Function<HttpRequest, CompletionStage<HttpResponse>> answer) {
        return request -> {
            Door door = doors.apply(request);
            Optional<String> foreign = Foreign.problem(door, request);
            if (foreign.isPresent()) {
                forbidden.increment();
                audit.warn(
                        "audit.foreign port={} method={} path={} client={} reason={}",
                        port,
                        request.method().value(),
                        request.getUri().path(),
                        client(request),
                        foreign.get());
                return refuse(request, 403, foreign.get());
            }
            Optional<String> header = request.getHeader("Authorization").map(each -> each.value());
            if (header.isEmpty()) {
                return must(door)
                        ? refuse(request, 401, "no credentials were given")
                        : written(door, request, pass(door, request, answer));
            }
            Optional<Principal> known = authenticator.recall(header.get());
            if (known.isPresent()) {
                return named(door, request, known.get(), answer);
            }
            CompletableFuture<Authenticator.Outcome> outcome = new CompletableFuture<>();
            try {
                (Authenticator.isBasic(header.get()) ? hashing : tokens).execute(() -> {
                    try {
                        outcome.complete(authenticator.authenticate(header));
                    } catch (RuntimeException e) {
                        outcome.completeExceptionally(e);
                    }
                });
            } catch (RejectedExecutionException full) {
                return refuse(request, 503, "too many unknown credentials are being checked; ask again");
            }
            return outcome.thenCompose(who -> {
                if (who instanceof Authenticator.Known shown) {
                    return named(door, request, shown.principal(), answer);
                }
                // Clients that send a header which means something to a proxy alone are let in where nobody must say
                // who they are.
                return must(door)
                        ? refuse(
                                request,
                                401,
                                who instanceof Authenticator.Refused refused ? refused.reason() : "no credentials")
                        : written(door, request, pass(door, request, answer));
            });
        };
    }

    private CompletionStage<HttpResponse> named(
            Door door,
            HttpRequest request,
            Principal principal,
            Function<HttpRequest, CompletionStage<HttpResponse>> answer) {
        HttpRequest named = request.addAttribute(PRINCIPAL, principal);
        return written(door, named, pass(door, named, answer));
    }

    @Override
    public boolean allows(Optional<Principal> principal, Action action, String object) {
        boolean allowed = settings.acls().get().allows(principal, action, object);
        if (!allowed) {
            forbidden.increment();
            audit.warn(
                    "audit.forbidden port={} principal={} action={} object={}", port, name(principal), action, object);
        }
        return allowed;
    }

    @Override
    public Sight sight(Optional<Principal> principal) {
        return new Sight(settings.acls().get(), principal);
    }

    /** Its numbers in Prometheus' text format, without the line that says their type. */
    String prometheus() {
        String name = "finback_http_refused_total";
        return name + "{port=\"" + port + "\",reason=\"unauthenticated\"} " + unauthenticated.sum() + "\n" + name
                + "{port=\"" + port + "\",reason=\"forbidden\"} " + forbidden.sum() + "\n" + name
                + "{port=\"" + port + "\",reason=\"throttled\"} " + throttled.sum() + "\n";
    }

    private boolean must(Door door) {
        return switch (door) {
            case OPEN -> false;
            case READ -> settings.reads();
            case WRITE -> settings.writes();
            case FRAMEWORK -> settings.frameworks();
            case NAMED, MEMBERS -> true;
        };
    }

    private CompletionStage<HttpResponse> pass(
            Door door, HttpRequest request, Function<HttpRequest, CompletionStage<HttpResponse>> answer) {
        if (door == Door.OPEN) {
            return answer.apply(request);
        }
        Throttle.Turn turn = throttle.next(principal(request).map(Principal::name), System.nanoTime());
        if (!turn.admitted()) {
            throttled(door, request);
            return refuse(request, 429, "too many requests; ask again in " + seconds(turn) + " s", seconds(turn));
        }
        if (turn.nanos() == 0) {
            return allowed(door, request, answer);
        }
        Executor later = CompletableFuture.delayedExecutor(turn.nanos(), TimeUnit.NANOSECONDS);
        return CompletableFuture.supplyAsync(() -> allowed(door, request, answer), later)
                .thenCompose(done -> done);
    }

    /** A line for the first, and one a second for all others: whoever is refused for asking too often fills no disk by it. */
    private void throttled(Door door, HttpRequest request) {
        throttled.increment();
        if (door == Door.WRITE || door == Door.MEMBERS) {
            return; // written down as every change
        }
        long now = System.nanoTime();
        long last = throttledSaid.get();
        if (now - last < SAID_EVERY_NANOS || !throttledSaid.compareAndSet(last, now)) {
            throttledUnsaid.increment();
            return;
        }
        audit.warn(
                "audit.throttled port={} principal={} method={} path={} client={} othersSinceLast={}",
                port,
                name(principal(request)),
                request.method().value(),
                request.getUri().path(),
                client(request),
                throttledUnsaid.sumThenReset());
    }

    private static long seconds(Throttle.Turn turn) {
        return Math.max(1, TimeUnit.NANOSECONDS.toSeconds(turn.nanos() + 999_999_999));
    }

    private CompletionStage<HttpResponse> allowed(
            Door door, HttpRequest request, Function<HttpRequest, CompletionStage<HttpResponse>> answer) {
        String path = request.getUri().path();
        if (door == Door.READ && !allows(principal(request), Action.GET_ENDPOINT_WITH_PATH, path)) {
            return refuse(request, 403, "not allowed to read " + path);
        }
        if (door == Door.WRITE && !allows(principal(request), Action.CHANGE_ENDPOINT_WITH_PATH, path)) {
            return refuse(request, 403, "not allowed to change " + path);
        }
        if (door == Door.MEMBERS && !mayChange(request, member(path))) {
            return refuse(
                    request, 403, "not allowed to change members (expected: change_members in finback.security.acls)");
        }
        return answer.apply(request);
    }

    /** The address as rules write it; Akka Management takes {@code finback@host:port} for the same. */
    static String member(String path) {
        String named = path.substring(Math.min(path.length(), MEMBER_PATH.length()));
        return named.startsWith(SCHEME) ? named : SCHEME + named;
    }

    /** Not as other changes: what no rule is about is refused. */
    private boolean mayChange(HttpRequest request, String member) {
        boolean allowed = settings.acls().get().grants(principal(request), Action.CHANGE_MEMBER, member);
        if (!allowed) {
            forbidden(request, Action.CHANGE_MEMBER, member);
        }
        return allowed;
    }

    private void forbidden(HttpRequest request, Action action, String object) {
        forbidden.increment();
        audit.warn(
                "audit.forbidden port={} principal={} action={} object={}",
                port,
                name(principal(request)),
                action,
                object);
    }

    private CompletionStage<HttpResponse> refuse(HttpRequest request, int status, String reason) {
        return refuse(request, status, reason, 1);
    }

    /** @param again after how many seconds to ask again, if that may help */
    private CompletionStage<HttpResponse> refuse(HttpRequest request, int status, String reason, long again) {
        var unused = request.discardEntityBytes(system);
        if (status == 401) {
            unauthenticated.increment();
            audit.warn(
                    "audit.unauthenticated port={} method={} path={} client={} reason={}",
                    port,
                    request.method().value(),
                    request.getUri().path(),
                    client(request),
                    reason);
        }
        HttpResponse response = refusal.apply(status, reason);
        if (status == 401) {
            response = response.addHeader(RawHeader.create("WWW-Authenticate", settings.challenge()));
        } else if (status == 503 || status == 429) {
            response = response.addHeader(RawHeader.create("Retry-After", Long.toString(again)));
        }
        return CompletableFuture.completedFuture(response);
    }

    private CompletionStage<HttpResponse> written(
            Door door, HttpRequest request, CompletionStage<HttpResponse> answer) {
        return door == Door.WRITE || door == Door.MEMBERS
                ? answer.whenComplete((response, failure) -> audit.info(
                        "audit.request port={} principal={} method={} path={} status={} client={}",
                        port,
                        name(principal(request)),
                        request.method().value(),
                        request.getUri().path(),
                        response == null ? "failed" : response.status().intValue(),
                        client(request)))
                : answer;
    }

    private static String client(HttpRequest request) {
        return request.getAttribute(AttributeKeys.remoteAddress)
                .flatMap(address -> address.getAddress())
                .map(address -> address.getHostAddress())
                .orElse("unknown");
    }

    private static String name(Optional<Principal> principal) {
        return principal.map(Principal::name).orElse("nobody");
    }
}
