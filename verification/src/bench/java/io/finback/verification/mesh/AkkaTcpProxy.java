package io.finback.verification.mesh;

import akka.NotUsed;
import akka.actor.ActorSystem;
import akka.stream.Attributes;
import akka.stream.FlowShape;
import akka.stream.Inlet;
import akka.stream.Outlet;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Tcp;
import akka.stream.stage.AbstractInHandler;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.util.ByteString;
import com.typesafe.config.ConfigFactory;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A proxy on Akka Streams' TCP with a stage that reads heads: each client connection is joined to an upstream connection of its own for as
 * long as it lives. That is the cheapest a stream can do; a pool would cost more. Arguments: port, backend ports.
 */
public final class AkkaTcpProxy {
    private AkkaTcpProxy() {}

    public static void main(String[] arguments) {
        ActorSystem system = ActorSystem.create("proxy", ConfigFactory.load());
        AtomicInteger turn = new AtomicInteger();
        Tcp.get(system)
                .bind("127.0.0.1", Integer.parseInt(arguments[0]))
                .to(Sink.foreach(connection -> {
                    int backend = Integer.parseInt(arguments[1 + turn.getAndIncrement() % (arguments.length - 1)]);
                    Flow<ByteString, ByteString, NotUsed> upstream = Flow.of(ByteString.class)
                            .via(new Heads())
                            .via(Tcp.get(system).outgoingConnection("127.0.0.1", backend))
                            .via(new Heads());
                    connection.handleWith(upstream, system);
                }))
                .run(system);
    }

    /** Reads messages with a Content-Length or none, writes their heads anew with a Via. */
    static final class Heads extends GraphStage<FlowShape<ByteString, ByteString>> {
        private final Inlet<ByteString> in = Inlet.create("Heads.in");
        private final Outlet<ByteString> out = Outlet.create("Heads.out");

        @Override
        public FlowShape<ByteString, ByteString> shape() {
            return FlowShape.of(in, out);
        }

        @Override
        public GraphStageLogic createLogic(Attributes attributes) {
            return new GraphStageLogic(shape()) {
                private ByteString rest = ByteString.emptyByteString();
                private long body;

                {
                    setHandler(in, new AbstractInHandler() {
                        @Override
                        public void onPush() {
                            rest = rest.isEmpty() ? grab(in) : rest.concat(grab(in));
                            ByteString next = ByteString.emptyByteString();
                            while (!rest.isEmpty()) {
                                if (body > 0) {
                                    int taken = (int) Math.min(body, rest.size());
                                    next = next.concat(rest.take(taken));
                                    rest = rest.drop(taken);
                                    body -= taken;
                                } else {
                                    byte[] bytes = rest.toArray();
                                    int end = endOfHead(bytes);
                                    if (end < 0) {
                                        break;
                                    }
                                    next = next.concat(head(bytes, end));
                                    rest = rest.drop(end);
                                }
                            }
                            if (next.isEmpty()) {
                                pull(in);
                            } else {
                                push(out, next);
                            }
                        }
                    });
                    setHandler(out, new AbstractOutHandler() {
                        @Override
                        public void onPull() {
                            pull(in);
                        }
                    });
                }

                private ByteString head(byte[] bytes, int end) {
                    String[] lines = new String(bytes, 0, end, StandardCharsets.ISO_8859_1).split("\r\n", -1);
                    Map<String, String> headers = new LinkedHashMap<>();
                    for (int i = 1; i < lines.length && !lines[i].isEmpty(); i++) {
                        int colon = lines[i].indexOf(':');
                        headers.put(lines[i].substring(0, colon), lines[i].substring(colon + 1).trim());
                        if (lines[i].substring(0, colon).toLowerCase(Locale.ROOT).equals("content-length")) {
                            body = Long.parseLong(lines[i].substring(colon + 1).trim());
                        }
                    }
                    headers.put("Via", "1.1 proxy");
                    StringBuilder written = new StringBuilder(end + 32).append(lines[0]).append("\r\n");
                    headers.forEach((name, value) ->
                            written.append(name).append(": ").append(value).append("\r\n"));
                    return ByteString.fromString(written.append("\r\n").toString(), StandardCharsets.ISO_8859_1);
                }
            };
        }

        private static int endOfHead(byte[] bytes) {
            for (int i = 3; i < bytes.length; i++) {
                if (bytes[i] == '\n' && bytes[i - 1] == '\r' && bytes[i - 2] == '\n' && bytes[i - 3] == '\r') {
                    return i + 1;
                }
            }
            return -1;
        }
    }
}
