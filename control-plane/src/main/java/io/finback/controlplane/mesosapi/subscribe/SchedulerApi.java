package io.finback.controlplane.mesosapi.subscribe;

import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.Props;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.AskPattern;
import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.http.javadsl.model.headers.RawHeader;
import akka.stream.Materializer;
import io.finback.controlplane.framework.CallAnswer;
import io.finback.controlplane.framework.Caller;
import io.finback.controlplane.framework.FrameworkMessage;
import io.finback.controlplane.framework.SchedulerCall;
import io.finback.controlplane.mesosapi.MasterIdentity;
import io.finback.controlplane.mesosapi.translate.ConstraintMessages;
import io.finback.controlplane.mesosapi.translate.FrameworkMessages;
import io.finback.controlplane.mesosapi.translate.MasterMessages;
import io.finback.mesos.v1.BadMessageException;
import io.finback.mesos.v1.Encoding;
import io.finback.mesos.v1.Limits;
import io.finback.mesos.v1.Negotiation;
import io.finback.mesos.v1.RecordIo;
import io.finback.resources.FrameworkId;
import io.finback.security.Rules;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.mesos.v1.scheduler.Protos.Call;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /api/v1/scheduler}, the same on every master. Status codes in Mesos' order of checks. Thread-safe. Source: apache/mesos
 * {@code src/master/http.cpp}, {@code docs/scheduler-http-api.md}.
 */
public final class SchedulerApi {
    private static final Logger log = LoggerFactory.getLogger(SchedulerApi.class);
    private static final String STREAM_ID = "Mesos-Stream-Id";
    private static final ContentType PROTOBUF =
            MediaTypes.customBinary("application", "x-protobuf", true).toContentType();
    /** Bodies above this are read away from the threads that everything else runs on. */
    private static final int LARGE_BYTES = 32 * 1024;

    /**
     * What the API needs from outside.
     *
     * @param reserved ids of built-in frameworks, which nobody may subscribe as
     * @param rules who may do what
     */
    public record Collaborators(
            SchedulerApiSettings settings,
            Supplier<MasterIdentity> self,
            Function<FrameworkId, RecipientRef<FrameworkMessage>> entities,
            Set<FrameworkId> reserved,
            Rules rules) {
        public Collaborators {
            reserved = Set.copyOf(reserved);
        }
    }

    private final ActorSystem<?> system;
    private final Collaborators with;
    private final SchedulerApiSettings settings;
    private final Bodies bodies;
    private final Limits limits;
    private final Executor large;
    private final Principals principals;
    private final StreamCounters counters = new StreamCounters();
    private final AtomicLong nextFramework = new AtomicLong();
    private final Map<String, ActorRef<Object>> streams = new ConcurrentHashMap<>();

    private SchedulerApi(ActorSystem<?> system, Collaborators with) {
        this.system = system;
        this.with = with;
        this.settings = with.settings();
        this.principals = new Principals(with.rules());
        this.bodies = new Bodies(system, settings);
        this.limits = new Limits(settings.maxValues(), Limits.DEFAULT.depth());
        this.large = system.dispatchers().lookup(DispatcherSelector.fromConfig("finback.master.calls-dispatcher"));
    }

    /** Streams end cleanly when the master does. */
    public static SchedulerApi create(ActorSystem<?> system, Collaborators with) {
        SchedulerApi api = new SchedulerApi(system, with);
        CoordinatedShutdown.get(system)
                .addTask(CoordinatedShutdown.PhaseServiceUnbind(), "finback-scheduler-streams", () -> {
                    api.streams.values().forEach(stream -> stream.tell(Subscription.End.INSTANCE));
                    return CompletableFuture.completedFuture(akka.Done.getInstance());
                });
        return api;
    }

    public StreamCounters counters() {
        return counters;
    }

    /** Answers one call; never fails. */
    public CompletionStage<HttpResponse> answer(HttpRequest request) {
        return call(request).exceptionally(this::failed);
    }

    private CompletionStage<HttpResponse> call(HttpRequest request) {
        if (!request.method().equals(HttpMethods.POST)) {
            request.discardEntityBytes(system);
            return new CallFailure(
                            405,
                            "Expecting one of { 'POST' }, but received '"
                                    + request.method().value() + "'")
                    .stage();
        }
        Encoding encoding;
        try {
            encoding = contentType(request);
        } catch (CallFailure refused) {
            request.discardEntityBytes(system);
            return refused.stage();
        }
        return bodies.read(request)
                .thenCompose(body -> {
                    CompletionStage<Call> call = body.length <= LARGE_BYTES
                            ? CompletableFuture.completedFuture(decode(body, encoding))
                            : CompletableFuture.supplyAsync(() -> decode(body, encoding), large);
                    return call.whenComplete((done, failure) -> bodies.release(body));
                })
                .thenCompose(call -> dispatch(call, request));
    }

    /** Akka gives a body without type a binary one; a type that was written is never one of those (Connections.settings). */
    private static Encoding contentType(HttpRequest request) {
        boolean unreadable = header(request, "Content-Type").isPresent();
        ContentType type = request.entity().getContentType();
        boolean absent = type instanceof ContentType.Binary
                && (type.equals(ContentTypes.APPLICATION_OCTET_STREAM) || type.equals(ContentTypes.NO_CONTENT_TYPE));
        if (absent && !unreadable) {
            throw new CallFailure(400, "Expecting 'Content-Type' to be present");
        }
        return Negotiation.contentType(type.toString())
                .orElseThrow(() -> new CallFailure(
                        415,
                        "Expecting 'Content-Type' of " + Encoding.JSON.mediaType() + " or "
                                + Encoding.PROTOBUF.mediaType()));
    }

    private Call decode(byte[] body, Encoding encoding) {
        Call call;
        try {
            call = encoding.read(body, Call.getDefaultInstance(), limits);
        } catch (BadMessageException e) {
            throw e.isTooLarge()
                    ? new CallFailure(413, e.reason())
                    : new CallFailure(400, "Failed to parse body into Call protobuf: " + e.reason());
        }
        Envelope.problem(call).ifPresent(problem -> {
            throw new CallFailure(400, "Failed to validate scheduler::Call: " + problem);
        });
        return call;
    }

    private CompletionStage<HttpResponse> dispatch(Call received, HttpRequest request) {
        counters.call(received.getType());
        Call call = Principals.inItsName(received, request);
        Optional<String> streamId = header(request, STREAM_ID);
        if (call.getType() == Call.Type.SUBSCRIBE) {
            Encoding accepted = Negotiation.accept(accept(request))
                    .orElseThrow(() -> new CallFailure(
                            406,
                            "Expecting 'Accept' to allow " + Encoding.JSON.mediaType() + " or "
                                    + Encoding.PROTOBUF.mediaType()));
            if (streamId.isPresent()) {
                throw new CallFailure(400, "Subscribe calls should not include the '" + STREAM_ID + "' header");
            }
            return subscribe(call, accepted, request);
        }
        if (call.getType() == Call.Type.UNKNOWN) {
            throw new CallFailure(501, "Received 'UNKNOWN' call");
        }
        String stream = streamId.orElseThrow(
                () -> new CallFailure(400, "All non-subscribe calls should include the '" + STREAM_ID + "' header"));
        FrameworkId framework = known(call.getFrameworkId().getValue());
        if (call.getType() == Call.Type.UPDATE_FRAMEWORK) {
            principals
                    .forbiddenRole(call.getUpdateFramework().getFrameworkInfo(), request)
                    .ifPresent(refused -> {
                        throw new CallFailure(403, refused);
                    });
        }
        return AskPattern.<FrameworkMessage, CallAnswer>ask(
                        with.entities().apply(framework),
                        replyTo -> translated(framework, call, Caller.of(stream, replyTo)),
                        settings.askTimeout(),
                        system.scheduler())
                .thenApply(answer -> answered(call, answer));
    }

    private static FrameworkId known(String id) {
        try {
            return FrameworkId.of(id);
        } catch (IllegalArgumentException e) {
            throw new CallFailure(400, "Framework cannot be found: " + e.getMessage());
        }
    }

    private static FrameworkMessage translated(FrameworkId framework, Call call, Caller caller) {
        try {
            return CallMessages.from(framework, call, caller);
        } catch (IllegalArgumentException e) {
            throw new CallFailure(400, "Failed to validate scheduler::Call: " + e.getMessage());
        }
    }

    private static HttpResponse answered(Call call, CallAnswer answer) {
        if (answer instanceof CallAnswer.Refused refused) {
            throw new CallFailure(status(refused.why()), refused.message());
        }
        return HttpResponse.create().withStatus(call.getType() == Call.Type.UPDATE_FRAMEWORK ? 200 : 202);
    }

    private static int status(CallAnswer.Why why) {
        return switch (why) {
            case INVALID -> 400;
            case NOT_SUBSCRIBED -> 403;
            case CONFLICT -> 409;
        };
    }

    private CompletionStage<HttpResponse> subscribe(Call call, Encoding encoding, HttpRequest request) {
        String streamId = UUID.randomUUID().toString();
        FrameworkId framework;
        SchedulerCall.Subscribe subscribe;
        try {
            framework = framework(call);
            subscribe = new SchedulerCall.Subscribe(
                    FrameworkMessages.from(call.getSubscribe().getFrameworkInfo()),
                    Set.copyOf(call.getSubscribe().getSuppressedRolesList()),
                    ConstraintMessages.from(call.getSubscribe().getOfferConstraints()),
                    Optional.of(streamId),
                    system.<io.finback.controlplane.framework.SchedulerEvent>ignoreRef());
        } catch (IllegalArgumentException e) {
            return CompletableFuture.completedFuture(refusedStream(streamId, encoding, String.valueOf(e.getMessage())));
        }
        Optional<String> forbidden =
                principals.forbiddenRole(call.getSubscribe().getFrameworkInfo(), request);
        if (forbidden.isPresent()) {
            return CompletableFuture.completedFuture(refusedStream(streamId, encoding, forbidden.get()));
        }
        if (!counters.open(settings.maxStreams())) {
            throw new CallFailure(503, "There are " + settings.maxStreams() + " subscriptions on this master");
        }
        EventBuffer buffer = new EventBuffer(settings, counters, Materializer.matFromSystem(system));
        ActorRef<Object> stream = system.systemActorOf(
                Subscription.create(
                        new Subscription.Subscriber(
                                framework,
                                subscribe,
                                streamId,
                                encoding,
                                with.entities().apply(framework)),
                        buffer,
                        settings.heartbeat(),
                        () -> MasterMessages.to(
                                with.self().get().id(),
                                with.self().get().host(),
                                with.self().get().port())),
                "scheduler-stream-" + streamId,
                Props.empty());
        streams.put(streamId, stream);
        Connections.gone(request)
                .thenAccept(done -> stream.tell(new Subscription.ConnectionGone("the client closed the connection")));
        buffer.finished().thenAccept(done -> stream.tell(new Subscription.ConnectionGone("the stream ended")));
        buffer.closed().thenAccept(done -> {
            streams.remove(streamId);
            counters.closed();
        });
        return buffer.started()
                .toCompletableFuture()
                .orTimeout(settings.askTimeout().toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS)
                .thenApply(started -> streaming(streamId).withEntity(buffer.entity(type(encoding))))
                .whenComplete((response, failure) -> {
                    if (failure != null) {
                        stream.tell(new Subscription.ConnectionGone("the framework did not answer"));
                    }
                });
    }

    private FrameworkId framework(Call call) {
        if (call.getFrameworkId().getValue().isEmpty()) {
            return FrameworkId.of(String.format("%s-%04d", with.self().get().id(), nextFramework.getAndIncrement()));
        }
        FrameworkId framework = FrameworkId.of(call.getFrameworkId().getValue());
        if (with.reserved().contains(framework)) {
            throw new IllegalArgumentException(
                    "framework_id: " + framework + " (expected: not that of a built-in framework)");
        }
        return framework;
    }

    /** What Mesos answers to a framework it does not want: success, one error event, the end. */
    private static HttpResponse refusedStream(String streamId, Encoding encoding, String why) {
        byte[] record = RecordIo.frame(encoding.write(EventMessages.error(why)));
        return streaming(streamId).withEntity(HttpEntities.create(type(encoding), record));
    }

    private static HttpResponse streaming(String streamId) {
        return HttpResponse.create().addHeader(RawHeader.create(STREAM_ID, streamId));
    }

    private static ContentType type(Encoding encoding) {
        return encoding == Encoding.JSON ? ContentTypes.APPLICATION_JSON : PROTOBUF;
    }

    private HttpResponse failed(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        counters.refused();
        if (cause instanceof CallFailure known) {
            return text(known.status(), known.text());
        }
        if (cause instanceof TimeoutException) {
            return text(503, "The framework did not answer in time; the call may still take effect");
        }
        log.error("scheduler_api.failed", cause);
        return text(500, "The call could not be answered; the log of this master says why");
    }

    private static HttpResponse text(int status, String message) {
        HttpResponse response = HttpResponse.create()
                .withStatus(status)
                .withEntity(HttpEntities.create(ContentTypes.TEXT_PLAIN_UTF8, message + "\n"));
        if (status == 405) {
            return response.addHeader(RawHeader.create("Allow", "POST"));
        }
        return status == 503 ? response.addHeader(RawHeader.create("Retry-After", "1")) : response;
    }

    private static String accept(HttpRequest request) {
        return StreamSupport.stream(request.getHeaders().spliterator(), false)
                .filter(header -> header.is("accept"))
                .map(HttpHeader::value)
                .collect(Collectors.joining(","));
    }

    private static Optional<String> header(HttpRequest request, String name) {
        return request.getHeader(name).map(HttpHeader::value);
    }
}
