package io.finback.meshrouter.boot;

import static io.finback.meshrouter.rpc.thrift.LibThrift.BINARY;
import static io.finback.meshrouter.rpc.thrift.LibThrift.COMPACT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.Closing;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Filter;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.server.Server.Listening;
import io.finback.meshrouter.rpc.thrift.Calculator;
import io.finback.meshrouter.rpc.thrift.LibThrift;
import io.finback.meshrouter.rpc.thrift.Thrift;
import io.finback.meshrouter.rpc.thrift.ThriftMux;
import io.finback.meshrouter.rpc.thrift.ThriftParams;
import io.finback.meshrouter.rpc.thrift.generated.Processors;
import io.finback.meshrouter.rpc.thrift.generated.ServiceTransport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.thrift.protocol.TMultiplexedProtocol;
import org.apache.thrift.transport.TSocket;
import org.apache.thrift.transport.layered.TFramedTransport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Routers with {@code protocol: thrift} and {@code thriftmux} between libthrift's clients and servers, and ours. */
@Timeout(120)
class ThriftRouterTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    @RegisterExtension
    final Closing open = new Closing();

    private final LibThrift libthrift = open.add(new LibThrift());
    private int files;

    private static Calculator.Client over(Service<byte[], byte[]> service) throws Exception {
        return new Calculator.Client(BINARY.getProtocol(new ServiceTransport(service, LONG)));
    }

    private TestRouter router(String protocol, String... lines) throws Exception {
        TestRouter router = TestRouter.linkerd(
                directory.resolve("linkerd-" + files++ + ".yaml"),
                "admin: {port: 0}\nrouters:\n- protocol: " + protocol + "\n  experimental: true\n  label: t\n  "
                        + String.join("\n  ", lines) + "\n");
        open.add(router);
        return router;
    }

    @Test
    void libthriftCallsLibthriftThroughTheRouter() throws Exception {
        int backend = libthrift.serve(BINARY);
        TestRouter router = router("thrift", "dtab: /svc => /$/inet/127.0.0.1/" + backend, "servers: [{port: 0}]");
        Calculator.Client client = libthrift.client(router.port(), BINARY);
        for (int i = 0; i < 100; i++) {
            assertThat(client.add(i, 1)).isEqualTo(i + 1);
        }
        client.note("nobody answers this");
        assertThat(client.add(2, 2)).isEqualTo(4);
        assertThat(libthrift.processor.notes).containsExactly("nobody answers this");
        assertThatThrownBy(() -> client.add(-5, 1)).hasMessage("overflow");
        assertThat(client.unknown("nothing")).isEqualTo("Invalid method name: 'nothing'");
        assertThat(client.add(3, 3)).isEqualTo(6);
        assertThat(router.metric("rt/t/service/svc/requests")).isEqualTo(105);
        assertThat(router.metric("rt/t/client/$/inet/127.0.0.1/" + backend + "/failures"))
                .as("only what the IDL does not declare")
                .isEqualTo(1);
        assertThat(router.metric("rt/t/client/$/inet/127.0.0.1/" + backend + "/connects"))
                .isEqualTo(1);
    }

    @Test
    void methodsAreNamesAndTheCompactProtocolPasses() throws Exception {
        int backend = libthrift.serve(COMPACT);
        TestRouter router = router(
                "thrift",
                "thriftMethodInDst: true",
                "dstPrefix: /thrift",
                "dtab: /thrift/add => /$/inet/127.0.0.1/" + backend + "; /thrift/calc/add => /$/inet/127.0.0.1/1",
                "servers: [{port: 0, thriftProtocol: compact}]",
                "client: {thriftProtocol: compact}");
        Calculator.Client client = libthrift.client(router.port(), COMPACT);
        assertThat(client.add(40, 2)).isEqualTo(42);
        assertThat(client.unknown("nothing"))
                .contains("Unable to route request!")
                .contains("/thrift/nothing");
        TFramedTransport transport = new TFramedTransport(new TSocket("127.0.0.1", router.port(), 20_000));
        transport.open();
        open.add(transport);
        Calculator.Client multiplexed =
                new Calculator.Client(new TMultiplexedProtocol(COMPACT.getProtocol(transport), "calc"));
        assertThatThrownBy(() -> multiplexed.add(1, 1)).hasMessageContaining("cannot connect to 127.0.0.1:1");
    }

    @Test
    void theUpgradeCarriesDestinationsOnBothSides() throws Exception {
        BlockingQueue<Context> seen = new ArrayBlockingQueue<>(10);
        Listening backend = Thrift.server().serve("127.0.0.1:0", spied(seen));
        open.add(backend);
        String inet = "/$/inet/127.0.0.1/" + backend.port();
        TestRouter upgrading = router(
                "thrift",
                "dtab: /svc/calculator => " + inet,
                "servers: [{port: 0}]",
                "client: {attemptTTwitterUpgrade: true}");
        Service<byte[], byte[]> ours =
                Thrift.client().with(ThriftParams.UPGRADE, true).newService("127.0.0.1:" + upgrading.port(), "c");
        Filter.Simple<byte[], byte[]> named =
                (request, context, next) -> next.apply(request, context.withDestination("/calculator/v2"));
        assertThat(over(named.andThen(ours)).add(1, 2)).isEqualTo(3);
        Context first = seen.poll(20, TimeUnit.SECONDS);
        assertThat(first).isNotNull();
        assertThat(first.destination()).isEqualTo("/v2/calculator/v2");
        assertThat(first.trace()).isPresent();

        TestRouter plain =
                router("thrift", "dtab: /svc => " + inet, "servers: [{port: 0, attemptTTwitterUpgrade: false}]");
        Service<byte[], byte[]> refused =
                Thrift.client().with(ThriftParams.UPGRADE, true).newService("127.0.0.1:" + plain.port(), "c");
        assertThat(over(named.andThen(refused)).add(1, 2)).isEqualTo(3);
        Context second = seen.poll(20, TimeUnit.SECONDS);
        assertThat(second).isNotNull();
        assertThat(second.destination()).isEmpty();
    }

    /** Each side says for itself whether it has frames. */
    @Test
    void messagesWithoutFramesPassThroughRouters() throws Exception {
        int unframed = libthrift.serveUnframed(BINARY);
        int framed = libthrift.serve(BINARY);
        TestRouter both = router(
                "thrift",
                "dtab: /svc => /$/inet/127.0.0.1/" + unframed,
                "servers: [{port: 0, thriftFramed: false}]",
                "client: {thriftFramed: false}");
        TestRouter in = router(
                "thrift", "dtab: /svc => /$/inet/127.0.0.1/" + framed, "servers: [{port: 0, thriftFramed: false}]");
        TestRouter out = router(
                "thrift",
                "dtab: /svc => /$/inet/127.0.0.1/" + unframed,
                "servers: [{port: 0}]",
                "client: {thriftFramed: false, attemptTTwitterUpgrade: false}");
        Calculator.Client first = libthrift.unframedClient(both.port(), BINARY);
        Calculator.Client second = libthrift.unframedClient(in.port(), BINARY);
        Calculator.Client third = libthrift.client(out.port(), BINARY);
        for (Calculator.Client client : List.of(first, second, third)) {
            for (int i = 0; i < 50; i++) {
                assertThat(client.add(i, 1)).isEqualTo(i + 1);
            }
            assertThat(client.unknown("nothing")).isEqualTo("Invalid method name: 'nothing'");
        }
    }

    private Service<byte[], byte[]> spied(BlockingQueue<Context> seen) {
        Service<byte[], byte[]> calculator = Processors.service(libthrift.processor, BINARY, libthrift.threads);
        return (request, context) -> {
            seen.add(context);
            return calculator.apply(request, context);
        };
    }

    @Test
    void thriftMuxOnBothSidesAndPlainThriftOnTheSamePort() throws Exception {
        BlockingQueue<Context> seen = new ArrayBlockingQueue<>(100);
        Listening backend = ThriftMux.server().serve("127.0.0.1:0", spied(seen));
        open.add(backend);
        TestRouter router = router(
                "thriftmux",
                "thriftMethodInDst: true",
                "dtab: /svc/calc/add => /$/inet/127.0.0.1/" + backend.port() + "; /svc/add => /$/inet/127.0.0.1/"
                        + backend.port(),
                "servers: [{port: 0}]");
        Service<byte[], byte[]> ours = ThriftMux.client().newService("127.0.0.1:" + router.port(), "c");
        Filter.Simple<byte[], byte[]> named =
                (request, context, next) -> next.apply(request, context.withDestination("/calc"));
        Calculator.Client client = over(named.andThen(ours));
        for (int i = 0; i < 50; i++) {
            assertThat(client.add(i, 1)).isEqualTo(i + 1);
        }
        assertThat(seen).hasSize(50).allSatisfy(context -> assertThat(context.destination())
                .isEqualTo("/calc"));
        assertThat(libthrift.client(router.port(), BINARY).add(7, 1)).isEqualTo(8);
        assertThat(router.metric("rt/t/service/svc/calc/add/success")).isEqualTo(50);
    }
}
