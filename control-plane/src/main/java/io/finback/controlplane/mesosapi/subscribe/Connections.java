package io.finback.controlplane.mesosapi.subscribe;

import akka.Done;
import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.Http;
import akka.http.javadsl.IncomingConnection;
import akka.http.javadsl.ServerBinding;
import akka.http.javadsl.model.AttributeKey;
import akka.http.javadsl.model.AttributeKeys;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaType;
import akka.http.javadsl.model.MediaTypes;
import akka.http.javadsl.model.RemoteAddress;
import akka.http.javadsl.settings.ParserSettings;
import akka.http.javadsl.settings.ServerSettings;
import akka.stream.Materializer;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import io.finback.settings.HttpListen;
import io.finback.tls.NodeTls;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * The connections of the master's port. Akka HTTP lets a client half-close and finish reading, so that a stream learns of a client that
 * is gone only by writing to it twice, with heartbeats half a minute later. Here every request carries a stage that completes as soon
 * as its client has closed its side.
 */
public final class Connections {
    private static final AttributeKey<Gone> GONE = AttributeKey.create("finback-connection", Gone.class);
    /** One request may be waiting behind the one being answered: only so is the client's side read while a stream goes out. */
    private static final int PIPELINED = 2;

    private Connections() {}

    /** Completes when the client has closed its side, or the connection broke. */
    private record Gone(CompletableFuture<Done> stage) {}

    /**
     * Limits of the port; a slow body is for its endpoint to give up on, before {@code requestTimeout}.
     *
     * @param maxConnections open at a time
     * @param maxPerClient of one address, so that no client alone can keep the others out
     */
    public record Limits(
            int maxConnections, int maxPerClient, Duration idleTimeout, Duration requestTimeout, long maxBodyBytes) {}

    /** Listens, and answers every request; connections beyond the limits are closed at once. Fails if the port cannot be had. */
    public static CompletionStage<ServerBinding> bind(
            ActorSystem<?> system,
            HttpListen listen,
            Gate gate,
            Function<HttpRequest, CompletionStage<HttpResponse>> answer) {
        return NodeTls.secured(
                        Http.get(system).newServerAt(listen.host(), listen.port()),
                        system.settings().config())
                .withSettings(settings(system, gate.limits()))
                .connectionSource()
                .to(Sink.foreach(connection -> serve(connection, gate, answer, system)))
                .run(system);
    }

    private static void serve(
            IncomingConnection connection,
            Gate gate,
            Function<HttpRequest, CompletionStage<HttpResponse>> answer,
            ActorSystem<?> system) {
        InetAddress client = connection.remoteAddress().getAddress();
        if (gate.enter(client)) {
            var unused = connection.handleWith(
                    flow(answer, RemoteAddress.create(connection.remoteAddress()))
                            .watchTermination((before, done) -> {
                                done.whenComplete((how, failure) -> gate.leave(client));
                                return before;
                            }),
                    Materializer.matFromSystem(system));
        } else {
            var unused = connection.handleWith(
                    Flow.<HttpRequest, HttpResponse>fromSinkAndSourceCoupled(Sink.cancelled(), Source.empty()),
                    Materializer.matFromSystem(system));
        }
    }

    /** One connection: one request after the other. */
    private static Flow<HttpRequest, HttpResponse, NotUsed> flow(
            Function<HttpRequest, CompletionStage<HttpResponse>> answer, RemoteAddress client) {
        Gone gone = new Gone(new CompletableFuture<>());
        return Flow.<HttpRequest>create()
                .watchTermination((before, done) -> {
                    done.whenComplete((how, failure) -> gone.stage().complete(Done.getInstance()));
                    return before;
                })
                .mapAsync(
                        1,
                        request -> answer.apply(
                                request.addAttribute(GONE, gone).addAttribute(AttributeKeys.remoteAddress, client)));
    }

    /** When the client of this request has closed its side; never, if the request did not come through {@link #bind}. */
    public static CompletionStage<Done> gone(HttpRequest request) {
        return request.getAttribute(GONE).map(Gone::stage).orElseGet(CompletableFuture::new);
    }

    /**
     * The server's settings. Akka drops the charset from {@code application/json;charset=utf-8} and gives a body without type that of
     * bytes; types of our own keep the one visible and make the other distinct.
     */
    private static ServerSettings settings(ActorSystem<?> system, Limits limits) {
        ServerSettings defaults = ServerSettings.create(system.classicSystem());
        MediaType json = MediaTypes.customWithOpenCharset("application", "json", Map.of(), false, "json");
        MediaType bytes = MediaTypes.customWithOpenCharset("application", "octet-stream", Map.of(), false);
        ParserSettings parser = defaults.getParserSettings()
                .withCustomMediaTypes(json, bytes)
                .withIllegalHeaderWarnings(false)
                .withMaxContentLength(limits.maxBodyBytes());
        return defaults.withPipeliningLimit(PIPELINED)
                .withBacklog(limits.maxConnections())
                .withParserSettings(parser)
                .withTimeouts(defaults.getTimeouts()
                        .withIdleTimeout(scala(limits.idleTimeout()))
                        .withRequestTimeout(scala(limits.requestTimeout())));
    }

    private static scala.concurrent.duration.Duration scala(Duration duration) {
        return scala.concurrent.duration.Duration.fromNanos(duration.toNanos());
    }
}
