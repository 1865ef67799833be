package io.finback.verification.mesh;

import akka.actor.ActorSystem;
import akka.http.javadsl.Http;
import akka.http.javadsl.model.HttpRequest;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Sink;
import com.typesafe.config.ConfigFactory;
import java.util.concurrent.atomic.AtomicInteger;

/** A proxy on Akka HTTP's connection-level flows: each client connection is joined to an upstream connection of its own. Arguments: port, backend ports. */
public final class AkkaHttpProxy {
    private static final String SETTINGS =
            """
            akka.http.parsing.modeled-header-parsing = off
            akka.http.server { request-timeout = infinite, server-header = "", transparent-head-requests = off, max-connections = 100000 }
            akka.http.client { user-agent-header = "" }
            """;

    private AkkaHttpProxy() {}

    public static void main(String[] arguments) {
        ActorSystem system = ActorSystem.create("proxy", ConfigFactory.parseString(SETTINGS).withFallback(ConfigFactory.load()));
        Http http = Http.get(system);
        AtomicInteger turn = new AtomicInteger();
        http.newServerAt("127.0.0.1", Integer.parseInt(arguments[0]))
                .connectionSource()
                .to(Sink.foreach(connection -> {
                    int backend = Integer.parseInt(arguments[1 + turn.getAndIncrement() % (arguments.length - 1)]);
                    connection.handleWith(
                            Flow.of(HttpRequest.class)
                                    .map(request -> request.removeHeader("Timeout-Access"))
                                    .via(http.connectionTo("127.0.0.1").toPort(backend).http())
                                    .map(response -> response.removeHeader("Date").removeHeader("Server")),
                            akka.stream.Materializer.matFromSystem(system));
                }))
                .run(system);
    }
}
