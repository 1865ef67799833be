package io.finback.meshrouter.rpc.thrift;

import static io.finback.meshrouter.rpc.thrift.LibThrift.BINARY;
import static io.finback.meshrouter.rpc.thrift.LibThrift.COMPACT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.twitter.finagle.ListeningServer;
import com.twitter.finagle.mux.Request;
import com.twitter.finagle.mux.Requests;
import com.twitter.finagle.mux.Response;
import com.twitter.finagle.mux.Responses;
import com.twitter.io.Bufs;
import com.twitter.util.Await;
import com.twitter.util.Future;
import io.finback.meshrouter.Closing;
import io.finback.meshrouter.rpc.Context;
import io.finback.meshrouter.rpc.Context.Delegation;
import io.finback.meshrouter.rpc.Deadline;
import io.finback.meshrouter.rpc.Failure;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.Statistics;
import io.finback.meshrouter.rpc.TraceId;
import io.finback.meshrouter.rpc.Verdict;
import io.finback.meshrouter.rpc.server.Server.Listening;
import io.finback.meshrouter.rpc.thrift.generated.Processors;
import io.finback.meshrouter.rpc.thrift.generated.ServiceTransport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TCompactProtocol;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TList;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TProtocolFactory;
import org.apache.thrift.protocol.TProtocolUtil;
import org.apache.thrift.protocol.TType;
import org.apache.thrift.transport.TMemoryBuffer;
import org.apache.thrift.transport.TMemoryInputTransport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Thrift and ThriftMux against libthrift and Finagle's Mux, both directions. */
@Timeout(120)
@SuppressWarnings("deprecation") // Bufs are what Java can say of Finagle's buffers
class ThriftTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    @RegisterExtension
    final Closing open = new Closing();

    private final LibThrift libthrift = open.add(new LibThrift());

    private Listening serve(Service<byte[], byte[]> service) {
        Listening server = Thrift.server().serve("127.0.0.1:0", service);
        open.add(server);
        return server;
    }

    private Service<byte[], byte[]> calculator(TProtocolFactory protocols) {
        return Processors.service(libthrift.processor, protocols, libthrift.threads);
    }

    private static Calculator.Client over(Service<byte[], byte[]> service) throws TException {
        return new Calculator.Client(BINARY.getProtocol(new ServiceTransport(service, LONG)));
    }

    @Test
    void libthriftsClientCallsOurServer() throws Exception {
        Listening server = serve(calculator(BINARY));
        Calculator.Client client = libthrift.client(server.port(), BINARY);
        for (int i = 0; i < 100; i++) {
            assertThat(client.add(i, 1)).isEqualTo(i + 1);
        }
        client.note("nobody answers this");
        assertThat(client.add(2, 2)).isEqualTo(4);
        assertThat(libthrift.processor.notes).containsExactly("nobody answers this");
        assertThatThrownBy(() -> client.add(-5, 1)).hasMessage("overflow");
        assertThat(client.unknown("nothing")).isEqualTo("Invalid method name: 'nothing'");
        assertThat(client.unknown("breaks")).contains("broken inside");
        assertThat(client.add(3, 3)).isEqualTo(6);
    }

    @Test
    void theCompactProtocolToo() throws Exception {
        TProtocolFactory compact = new TCompactProtocol.Factory();
        Listening server = serve(calculator(compact));
        Calculator.Client client = libthrift.client(server.port(), compact);
        assertThat(client.add(40, 2)).isEqualTo(42);
        assertThat(client.unknown("breaks")).contains("broken inside");
        assertThat(client.add(1, 1)).isEqualTo(2);
    }

    @Test
    void ourClientCallsLibthriftsServerWhichKnowsNoUpgrade() throws Exception {
        Statistics stats = new Statistics();
        Service<byte[], byte[]> service = Thrift.client()
                .withStats(stats)
                .withClassifier(Thrift.exceptionsAsFailures())
                .newService("127.0.0.1:" + libthrift.serve(BINARY), "calculator");
        Calculator.Client client = over(service);
        for (int i = 0; i < 50; i++) {
            assertThat(client.add(i, 1)).isEqualTo(i + 1);
        }
        client.note("one way");
        assertThat(client.add(2, 2)).isEqualTo(4);
        assertThat(libthrift.processor.notes).containsExactly("one way");
        assertThatThrownBy(() -> client.add(-5, 1)).hasMessage("overflow");
        assertThat(client.unknown("nothing")).isEqualTo("Invalid method name: 'nothing'");
        assertThat(stats.count("clnt/calculator/failures")).isEqualTo(2);
        assertThat(stats.count("clnt/calculator/connects")).isEqualTo(1);
    }

    @Test
    void whatTravelsWithCallsGoesOverTheUpgradedConnection() throws Exception {
        BlockingQueue<Context> seen = new ArrayBlockingQueue<>(10);
        Service<byte[], byte[]> calculator = calculator(BINARY);
        Listening server = serve((message, context) -> {
            seen.add(context);
            return calculator.apply(message, context);
        });
        Service<byte[], byte[]> service = Thrift.client()
                .with(ThriftParams.CLIENT_ID, Optional.of("me"))
                .newService("127.0.0.1:" + server.port(), "calculator");
        Context context = Context.EMPTY
                .withDestination("/svc/calc")
                .withDeadline(new Deadline(5, Deadline.NEVER))
                .withDelegations(List.of(new Delegation("/svc", "/other")))
                .withEntry("com.example.Unknown", new byte[] {9});
        byte[] message = message(client -> client.add(1, 2));
        assertThat(ThriftMessage.read(service.call(message, context).get(LONG)).kind())
                .isEqualTo(ThriftMessage.Kind.REPLY);
        Context got = seen.take();
        assertThat(got.destination()).isEqualTo("/svc/calc");
        assertThat(got.deadline()).contains(new Deadline(5, Deadline.NEVER));
        assertThat(got.clientId()).contains("me");
        assertThat(got.delegations()).containsExactly(new Delegation("/svc", "/other"));
        assertThat(got.entry("com.example.Unknown").orElseThrow()).containsExactly(9);
        assertThat(got.trace()).isPresent();
    }

    private interface Using {
        int with(Calculator.Client client) throws TException;
    }

    /** What a generated client would send. */
    private static byte[] message(Using using) {
        TMemoryBuffer buffer = deaf();
        try {
            int unused = using.with(new Calculator.Client(BINARY.getProtocol(buffer)));
        } catch (TException e) {
            // There is no answer to read.
            assertThat(buffer.length()).isPositive();
        }
        return Arrays.copyOf(buffer.getArray(), buffer.length());
    }

    /** Takes what is written, and has nothing to read. */
    private static TMemoryBuffer deaf() {
        try {
            return new TMemoryBuffer(100) {
                @Override
                public int read(byte[] bytes, int from, int length) {
                    return 0;
                }
            };
        } catch (TException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The bytes of our header, read by libthrift field by field. */
    @Test
    void libthriftReadsOurHeader() throws Exception {
        ByteBuf out = Unpooled.buffer();
        TTwitter.writeRequest(
                out,
                Context.EMPTY
                        .withTrace(new TraceId(8, 1, 2, 3, TraceId.SAMPLING_KNOWN | TraceId.SAMPLED))
                        .withDestination("/a"),
                Optional.of("me"));
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        TProtocol in = BINARY.getProtocol(new TMemoryInputTransport(bytes));
        List<String> fields = new ArrayList<>();
        in.readStructBegin();
        for (TField field = in.readFieldBegin(); field.type != TType.STOP; field = in.readFieldBegin()) {
            switch (field.type) {
                case TType.I64 -> fields.add(field.id + "=" + in.readI64());
                case TType.BOOL -> fields.add(field.id + "=" + in.readBool());
                case TType.STRING -> fields.add(field.id + "=" + in.readString());
                case TType.LIST -> {
                    TList list = in.readListBegin();
                    fields.add(field.id + "x" + list.size);
                    for (int i = 0; i < list.size; i++) {
                        TProtocolUtil.skip(in, list.elemType);
                    }
                }
                default -> {
                    fields.add(field.id + "{}");
                    TProtocolUtil.skip(in, field.type);
                }
            }
        }
        assertThat(fields).containsExactly("1=1", "2=3", "3=2", "5=true", "6{}", "7=6", "8x1", "9=/a", "10x0", "11=8");
    }

    @Test
    void aCallThatIsGivenUpTakesItsConnectionWithIt() throws Exception {
        BlockingQueue<String> begun = new ArrayBlockingQueue<>(10);
        Reply<byte[]> never = new Reply<>();
        BlockingQueue<Throwable> interrupted = new ArrayBlockingQueue<>(10);
        never.onInterrupt(interrupted::add);
        Service<byte[], byte[]> calculator = calculator(BINARY);
        Listening server = serve((message, context) -> {
            begun.add("begun");
            return begun.size() == 1 ? never : calculator.apply(message, context);
        });
        Statistics stats = new Statistics();
        Service<byte[], byte[]> service =
                Thrift.client().withStats(stats).newService("127.0.0.1:" + server.port(), "c");
        Reply<byte[]> reply = service.call(message(client -> client.add(1, 2)));
        assertThat(begun.poll(20, TimeUnit.SECONDS)).isNotNull();
        begun.add("again");
        reply.interrupt(new Failure("enough", 0));
        assertThat(interrupted.poll(20, TimeUnit.SECONDS)).isNotNull();
        assertThat(over(service).add(1, 2)).isEqualTo(3);
        assertThat(stats.count("clnt/c/connects")).isEqualTo(2);
    }

    /** Plain Thrift says nothing before it closes, so a call may meet a connection that is ending: adding may be repeated. */
    @Test
    void callsGoOnWhenAServerIsReplaced() throws Exception {
        Listening one = serve(calculator(BINARY));
        Listening two = serve(calculator(BINARY));
        Calculator.Client client = over(Thrift.client()
                .withClassifier((request, response, failure) ->
                        failure instanceof Failure.ChannelClosed ? Verdict.RETRYABLE_FAILURE : Verdict.of(failure))
                .withRetries(2)
                .newService("127.0.0.1:" + one.port() + ",127.0.0.1:" + two.port(), "calculator"));
        for (int i = 0; i < 20; i++) {
            assertThat(client.add(i, 1)).isEqualTo(i + 1);
        }
        Reply.from(one.close(LONG)).get(LONG);
        for (int i = 0; i < 50; i++) {
            assertThat(client.add(i, 1)).isEqualTo(i + 1);
        }
    }

    @Test
    void thriftMuxTakesMuxAndPlainThriftOnOnePort() throws Exception {
        Listening server = ThriftMux.server().serve("127.0.0.1:0", calculator(BINARY));
        open.add(server);
        Calculator.Client mux = over(ThriftMux.client().newService("127.0.0.1:" + server.port(), "calculator"));
        Calculator.Client plain = libthrift.client(server.port(), BINARY);
        Calculator.Client upgraded = over(Thrift.client().newService("127.0.0.1:" + server.port(), "calculator"));
        for (int i = 0; i < 20; i++) {
            assertThat(mux.add(i, 1)).isEqualTo(i + 1);
            assertThat(plain.add(i, 2)).isEqualTo(i + 2);
            assertThat(upgraded.add(i, 3)).isEqualTo(i + 3);
        }
        assertThat(mux.unknown("breaks")).contains("broken inside");
        assertThat(plain.unknown("breaks")).contains("broken inside");
        mux.note("over mux");
        assertThat(mux.add(1, 1)).isEqualTo(2);
        assertThat(libthrift.processor.notes).contains("over mux");
    }

    @Test
    void messagesWithoutFramesPassBothWays() throws Exception {
        for (TProtocolFactory protocols : List.of(BINARY, COMPACT, new TBinaryProtocol.Factory(false, false))) {
            Listening server = open.add(
                    Thrift.server().with(ThriftParams.FRAMED, false).serve("127.0.0.1:0", calculator(protocols)));
            Calculator.Client theirs = libthrift.unframedClient(server.port(), protocols);
            Calculator.Client ours = new Calculator.Client(protocols.getProtocol(new ServiceTransport(
                    Thrift.client()
                            .with(ThriftParams.FRAMED, false)
                            .with(ThriftParams.UPGRADE, false)
                            .newService("127.0.0.1:" + libthrift.serveUnframed(protocols), "calculator"),
                    LONG)));
            for (Calculator.Client client : List.of(theirs, ours)) {
                for (int i = 0; i < 50; i++) {
                    assertThat(client.add(i, 1)).isEqualTo(i + 1);
                }
                client.note("n".repeat(200_000));
                assertThat(client.add(2, 2)).isEqualTo(4);
                assertThatThrownBy(() -> client.add(-5, 1)).hasMessage("overflow");
                assertThat(client.unknown("nothing")).isEqualTo("Invalid method name: 'nothing'");
            }
        }
        assertThat(libthrift.processor.notes).hasSize(6);
    }

    @Test
    void theUpgradeGoesWithoutFrames() throws Exception {
        BlockingQueue<Context> seen = new ArrayBlockingQueue<>(10);
        Service<byte[], byte[]> calculator = calculator(BINARY);
        Listening server =
                open.add(Thrift.server().with(ThriftParams.FRAMED, false).serve("127.0.0.1:0", (request, context) -> {
                    seen.add(context);
                    return calculator.apply(request, context);
                }));
        Calculator.Client client = over(Thrift.client()
                .with(ThriftParams.FRAMED, false)
                .with(ThriftParams.CLIENT_ID, Optional.of("me"))
                .newService("127.0.0.1:" + server.port(), "calculator"));
        for (int i = 0; i < 20; i++) {
            assertThat(client.add(i, 1)).isEqualTo(i + 1);
            assertThat(seen.take().clientId()).contains("me");
        }
    }

    @Test
    void thriftMuxTakesPlainThriftWithoutFrames() throws Exception {
        Listening server =
                open.add(ThriftMux.server().with(ThriftParams.FRAMED, false).serve("127.0.0.1:0", calculator(BINARY)));
        Calculator.Client mux = over(ThriftMux.client().newService("127.0.0.1:" + server.port(), "calculator"));
        Calculator.Client plain = libthrift.unframedClient(server.port(), BINARY);
        for (int i = 0; i < 20; i++) {
            assertThat(mux.add(i, 1)).isEqualTo(i + 1);
            assertThat(plain.add(i, 2)).isEqualTo(i + 2);
        }
    }

    /** ThriftMux is Thrift's message in a Mux dispatch: Finagle's Mux carries it, libthrift reads it. */
    @Test
    void thriftMuxOverFinaglesMux() throws Exception {
        com.twitter.util.Duration wait = com.twitter.util.Duration.fromSeconds(20);
        Service<byte[], byte[]> calculator = calculator(BINARY);
        ListeningServer theirs =
                com.twitter.finagle.Mux.serve("127.0.0.1:0", new com.twitter.finagle.Service<Request, Response>() {
                    @Override
                    public Future<Response> apply(Request request) {
                        return Future.value(Responses.make(Bufs.ownedBuf(calculator
                                .call(Bufs.sharedByteArray(request.body()))
                                .join())));
                    }
                });
        int port = ((InetSocketAddress) theirs.boundAddress()).getPort();
        Calculator.Client ours =
                over(ThriftMux.client().withConnectTimeout(LONG).newService("127.0.0.1:" + port, "calculator"));
        assertThat(ours.add(40, 2)).isEqualTo(42);

        Listening server = ThriftMux.server().serve("127.0.0.1:0", calculator);
        open.add(server);
        com.twitter.finagle.Service<Request, Response> finagle =
                com.twitter.finagle.Mux.newService("127.0.0.1:" + server.port());
        Response answer =
                Await.result(finagle.apply(Requests.make(Bufs.ownedBuf(message(client -> client.add(1, 2))))), wait);
        byte[] message = Bufs.sharedByteArray(answer.body());
        assertThat(ThriftMessage.read(message).isException(message)).isFalse();
        assertThat(message[message.length - 2]).isEqualTo((byte) 3);
        Await.result(finagle.close(), wait);
        Await.result(theirs.close(), wait);
    }

    @Test
    void framesThatAreTooLongOrNoThriftEndTheConnection() throws Exception {
        Listening server = serve(calculator(BINARY));
        for (byte[] bytes :
                List.of(new byte[] {0x7f, -1, -1, -1, 0, 0, 0, 0}, new byte[] {0, 0, 0, 4, -1, -1, -1, -1}, new byte[] {
                    0, 0, 0, 2, 0, 0
                })) {
            try (java.net.Socket socket =
                    new java.net.Socket(java.net.InetAddress.getLoopbackAddress(), server.port())) {
                socket.setSoTimeout(20_000);
                socket.getOutputStream().write(bytes);
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
        }
        assertThat(libthrift.client(server.port(), BINARY).add(1, 1)).isEqualTo(2);
    }

    @Test
    void anyBytesAreAHeaderOrAFailure() {
        long seed = Long.getLong("seed", 20261126L);
        Random random = new Random(seed);
        ByteBuf good = Unpooled.buffer();
        TTwitter.writeRequest(
                good,
                Context.EMPTY
                        .withTrace(TraceId.root(random))
                        .withDelegations(List.of(new Delegation("/a", "/b")))
                        .withEntry("x", new byte[3]),
                Optional.of("me"));
        byte[] whole = message(client -> client.add(1, 2));
        for (int round = 0; round < 50_000; round++) {
            byte[] bytes = new byte[good.readableBytes()];
            good.getBytes(good.readerIndex(), bytes);
            byte[] message = whole.clone();
            for (int i = 0; i <= random.nextInt(4); i++) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                message[random.nextInt(message.length)] = (byte) random.nextInt();
            }
            try {
                Context context = TTwitter.readRequest(Unpooled.wrappedBuffer(bytes));
                assertThat(context).isNotNull();
            } catch (Failure.Protocol e) {
                assertThat(e).hasMessageStartingWith("bad TTwitter header: ");
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + " round " + round, e);
            }
            try {
                ThriftMessage head = ThriftMessage.read(message);
                assertThat(head.isException(message) || !head.isException(message))
                        .isTrue();
            } catch (Failure.Protocol e) {
                assertThat(e).hasMessageStartingWith("bad thrift message: ");
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + " round " + round, e);
            }
        }
    }
}
