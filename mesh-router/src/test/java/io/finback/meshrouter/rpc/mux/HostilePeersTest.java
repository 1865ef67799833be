package io.finback.meshrouter.rpc.mux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.finback.meshrouter.rpc.Params;
import io.finback.meshrouter.rpc.Reply;
import io.finback.meshrouter.rpc.Service;
import io.finback.meshrouter.rpc.server.Server.Listening;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Peers that send what they must not: each has its documented end, and others are served all the while. */
@Timeout(120)
class HostilePeersTest {
    private static final Service<byte[], byte[]> ECHO = Service.of(body -> body);

    private static byte[] frame(int type, int tag, byte[] body) {
        ByteBuf out = Unpooled.buffer();
        out.writeInt(4 + body.length).writeByte(type).writeMedium(tag).writeBytes(body);
        return bytes(out);
    }

    private static byte[] bytes(ByteBuf buf) {
        byte[] all = new byte[buf.readableBytes()];
        buf.readBytes(all);
        return all;
    }

    private static byte[] dispatch(String body) {
        ByteBuf out = Unpooled.buffer();
        out.writeShort(0).writeShort(0).writeShort(0).writeBytes(body.getBytes(UTF_8));
        return bytes(out);
    }

    /** What a server says to {@code frames}, message by message as {@code type/tag/text}; "closed" at the end if it closed. */
    private static List<String> said(Listening server, int expected, byte[]... frames) throws IOException {
        List<String> said = new ArrayList<>();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(20_000);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            for (byte[] frame : frames) {
                out.write(frame);
            }
            out.flush();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            while (said.size() < expected) {
                int size;
                try {
                    size = in.readInt();
                } catch (EOFException | SocketException e) {
                    said.add("closed");
                    break;
                }
                int header = in.readInt();
                byte[] body = in.readNBytes(size - 4);
                said.add((header >> 24) + "/" + (header & 0xffffff) + "/" + new String(body, UTF_8));
            }
        }
        return said;
    }

    @Test
    void framesOfWrongLengthsEndTheConnection() throws Exception {
        try (Listening server =
                Mux.server().with(MuxParams.MAX_MESSAGE_BYTES, 1_000).serve("127.0.0.1:0", ECHO)) {
            assertThat(said(server, 2, new byte[] {0, 0, 0, 3, 65, 0, 0}))
                    .containsExactly("127/1/bad mux message: frame of 3 bytes (expected: 4 to 1004)", "closed");
            assertThat(said(server, 2, new byte[] {-1, -1, -1, -1}))
                    .containsExactly(
                            "127/1/bad mux message: frame of 4294967295 bytes (expected: 4 to 1004)", "closed");
            assertThat(said(server, 2, new byte[] {0, 0, 4, 0}).get(0)).contains("frame of 1024 bytes");
            assertThat(said(server, 1, frame(65, 7, new byte[0]))).containsExactly("-65/7/");
        }
    }

    @Test
    void fragmentsHaveTheLimitOfWholeMessages() throws Exception {
        try (Listening server =
                Mux.server().with(MuxParams.MAX_MESSAGE_BYTES, 1_000).serve("127.0.0.1:0", ECHO)) {
            byte[] piece = frame(2, 5 | 1 << 23, new byte[600]);
            assertThat(said(server, 2, piece, piece).get(0))
                    .contains("fragments of 1200 bytes (expected: at most 1000");
            assertThat(said(server, 2, frame(65, 5 | 1 << 23, new byte[0])).get(0))
                    .contains("fragment of type 65 (expected: of a dispatch)");
        }
        try (Listening server =
                Mux.server().with(MuxParams.MAX_PARTIAL_BYTES, 1_000L).serve("127.0.0.1:0", ECHO)) {
            byte[][] pieces = new byte[3][];
            for (int i = 0; i < 3; i++) {
                pieces[i] = frame(2, (10 + i) | 1 << 23, new byte[400]);
            }
            assertThat(said(server, 2, pieces).get(0)).contains("and 1000 of all that are not complete");
        }
    }

    @Test
    void tagsAreUsedAsTheyMust() throws Exception {
        Reply<byte[]> never = new Reply<>();
        try (Listening server = Mux.server().serve("127.0.0.1:0", (body, context) -> never)) {
            assertThat(said(server, 3, frame(2, 5, dispatch("a")), frame(2, 5, dispatch("b"))))
                    .containsExactly("127/5/duplicate tag 5", "127/1/bad mux message: tag 5 is in use", "closed");
            assertThat(said(server, 2, frame(2, 0, dispatch("a"))).get(0)).contains("call with tag 0");
        }
    }

    @Test
    void whatIsNotKnownIsAnError() throws Exception {
        try (Listening server = Mux.server().serve("127.0.0.1:0", ECHO)) {
            assertThat(said(server, 2, frame(99, 3, new byte[0]), frame(65, 4, new byte[0])))
                    .containsExactly("127/3/Unexpected mux message type 99", "-65/4/");
            assertThat(said(server, 2, frame(2, 3, new byte[] {0, 9, 0})))
                    .hasSize(2)
                    .last()
                    .isEqualTo("closed");
            // A server must never read a context behind the end of its message.
            assertThat(said(server, 2, frame(2, 3, new byte[] {0, 1, 0, 3, 'a'}))
                            .get(0))
                    .contains("ends too early");
        }
    }

    @Test
    void callsBeyondTheLimitOfAConnectionAreRefused() throws Exception {
        Reply<byte[]> never = new Reply<>();
        try (Listening server =
                Mux.server().with(MuxParams.MAX_IN_FLIGHT, 1).serve("127.0.0.1:0", (body, context) -> never)) {
            assertThat(said(server, 1, frame(2, 5, dispatch("a")), frame(2, 6, dispatch("b")))
                            .get(0))
                    .startsWith("-2/6/")
                    .contains("MuxFailure");
        }
    }

    @Test
    void aClientThatDoesNotReadIsNotReadEither() throws Exception {
        byte[] large = new byte[1 << 20];
        java.util.concurrent.atomic.AtomicInteger calls = new java.util.concurrent.atomic.AtomicInteger();
        try (Listening server = Mux.server().serve("127.0.0.1:0", (body, context) -> {
            calls.incrementAndGet();
            return Reply.of(large);
        })) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
                Thread writer = new Thread(() -> {
                    try {
                        for (int i = 2; i < 1_000_000; i++) {
                            socket.getOutputStream().write(frame(2, i, dispatch("x".repeat(1_000))));
                        }
                    } catch (IOException e) {
                        // It is closed below.
                    }
                });
                writer.setDaemon(true);
                writer.start();
                int before = -1;
                while (before != calls.get()) {
                    before = calls.get();
                    // Nothing arrives: there is nothing to wait for but time.
                    java.util.concurrent.locks.LockSupport.parkNanos(300_000_000);
                }
                assertThat(calls.get()).isLessThan(500);
            }
            assertThat(Mux.client()
                            .newService("127.0.0.1:" + server.port(), "other")
                            .call(new byte[1])
                            .join())
                    .hasSize(1 << 20);
        }
    }

    /** Broken and whole frames in pieces of any size: a server answers or closes, and keeps no buffer. */
    @Test
    void anyBytesAreAnsweredOrEndTheConnection() {
        long seed = Long.getLong("seed", 20261126L);
        Random random = new Random(seed);
        int answered = 0;
        for (int round = 0; round < 4_000; round++) {
            UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, false);
            Params params = Params.EMPTY.with(MuxParams.MAX_MESSAGE_BYTES, 5_000);
            EmbeddedChannel channel = new EmbeddedChannel();
            channel.config().setAllocator(allocator);
            channel.pipeline().addLast(new MuxServerSession(params, ECHO));
            byte[] sent = frames(random);
            int at = 0;
            try {
                while (at < sent.length && channel.isActive()) {
                    int length = Math.min(sent.length - at, 1 + random.nextInt(200));
                    channel.writeInbound(allocator.buffer(length).writeBytes(sent, at, length));
                    at += length;
                    channel.runPendingTasks();
                }
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + " round " + round, e);
            }
            boolean unused = channel.finish();
            for (Object out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
                answered++;
                ReferenceCountUtil.release(out);
            }
            assertThat(allocator.metric().usedHeapMemory() + allocator.metric().usedDirectMemory())
                    .as("seed %s round %s", seed, round)
                    .isZero();
        }
        assertThat(answered).isPositive();
    }

    private static byte[] frames(Random random) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        int[] types = {1, 2, 2, 2, 64, 65, 66, -62, 67, 68, -1, -2, -64, -65, -66, -68, 127, -128};
        int count = 1 + random.nextInt(12);
        for (int i = 0; i < count; i++) {
            int type = random.nextInt(10) == 0 ? random.nextInt(256) : types[random.nextInt(types.length)];
            int tag = random.nextInt(6) | (random.nextInt(4) == 0 ? 1 << 23 : 0);
            byte[] body =
                    random.nextBoolean() ? dispatch("x".repeat(random.nextInt(300))) : new byte[random.nextInt(60)];
            if (random.nextBoolean()) {
                for (int j = 0; j < 1 + random.nextInt(3) && body.length > 0; j++) {
                    body[random.nextInt(body.length)] = (byte) random.nextInt();
                }
            }
            byte[] frame = frame(type, tag, body);
            if (random.nextInt(10) == 0) {
                frame[random.nextInt(4)] = (byte) random.nextInt();
            }
            all.writeBytes(frame);
        }
        return all.toByteArray();
    }
}
