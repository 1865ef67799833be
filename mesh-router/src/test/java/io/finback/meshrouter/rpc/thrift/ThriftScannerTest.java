package io.finback.meshrouter.rpc.thrift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.meshrouter.rpc.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TCompactProtocol;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TList;
import org.apache.thrift.protocol.TMap;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TProtocolFactory;
import org.apache.thrift.protocol.TSet;
import org.apache.thrift.protocol.TStruct;
import org.apache.thrift.protocol.TType;
import org.apache.thrift.transport.TMemoryBuffer;
import org.junit.jupiter.api.Test;

/** Ends of messages that libthrift has written, whatever is in them, however they come. */
class ThriftScannerTest {
    private static final int MOST = 1 << 20;
    private static final byte[] TYPES = {
        TType.BOOL,
        TType.BYTE,
        TType.DOUBLE,
        TType.I16,
        TType.I32,
        TType.I64,
        TType.STRING,
        TType.STRUCT,
        TType.MAP,
        TType.SET,
        TType.LIST
    };

    private final long seed = Long.getLong("seed", System.nanoTime());
    private final SplittableRandom random = new SplittableRandom(seed);

    private byte type(int depth) {
        return TYPES[random.nextInt(depth > 4 ? 7 : TYPES.length)];
    }

    private void value(TProtocol to, byte type, int depth) throws TException {
        switch (type) {
            case TType.BOOL -> to.writeBool(random.nextInt(2) == 0);
            case TType.BYTE -> to.writeByte((byte) random.nextInt());
            case TType.DOUBLE -> to.writeDouble(random.nextDouble());
            case TType.I16 -> to.writeI16((short) random.nextInt());
            case TType.I32 -> to.writeI32(random.nextInt() >> random.nextInt(32));
            case TType.I64 -> to.writeI64(random.nextLong() >> random.nextInt(64));
            case TType.STRING -> to.writeString("x".repeat(random.nextInt(random.nextInt(20) == 0 ? 3_000 : 20)));
            case TType.STRUCT -> struct(to, depth + 1);
            case TType.MAP -> {
                byte key = type(depth + 1);
                byte of = type(depth + 1);
                int count = random.nextInt(4);
                to.writeMapBegin(new TMap(key, of, count));
                for (int i = 0; i < count; i++) {
                    value(to, key, depth + 1);
                    value(to, of, depth + 1);
                }
                to.writeMapEnd();
            }
            case TType.SET -> {
                byte of = type(depth + 1);
                int count = random.nextInt(random.nextInt(5) == 0 ? 40 : 4);
                to.writeSetBegin(new TSet(of, count));
                for (int i = 0; i < count; i++) {
                    value(to, of, depth + 1);
                }
                to.writeSetEnd();
            }
            default -> {
                byte of = type(depth + 1);
                int count = random.nextInt(random.nextInt(5) == 0 ? 40 : 4);
                to.writeListBegin(new TList(of, count));
                for (int i = 0; i < count; i++) {
                    value(to, of, depth + 1);
                }
                to.writeListEnd();
            }
        }
    }

    private void struct(TProtocol to, int depth) throws TException {
        to.writeStructBegin(new TStruct("s"));
        int fields = random.nextInt(5);
        int id = 0;
        for (int i = 0; i < fields; i++) {
            id += 1 + random.nextInt(random.nextInt(4) == 0 ? 100 : 3);
            byte type = type(depth);
            to.writeFieldBegin(new TField("f", type, (short) id));
            value(to, type, depth);
            to.writeFieldEnd();
        }
        to.writeFieldStop();
        to.writeStructEnd();
    }

    private byte[] message(TProtocolFactory protocols) throws TException {
        TMemoryBuffer buffer = new TMemoryBuffer(64);
        TProtocol to = protocols.getProtocol(buffer);
        to.writeMessageBegin(new TMessage("name" + random.nextInt(1_000), TMessageType.CALL, random.nextInt(100_000)));
        struct(to, 0);
        to.writeMessageEnd();
        byte[] bytes = new byte[buffer.length()];
        System.arraycopy(buffer.getArray(), 0, bytes, 0, bytes.length);
        return bytes;
    }

    @Test
    void findsEveryEndHoweverTheBytesCome() throws TException {
        List<TProtocolFactory> all = List.of(
                new TBinaryProtocol.Factory(),
                new TBinaryProtocol.Factory(false, false),
                new TCompactProtocol.Factory());
        for (int run = 0; run < 3_000; run++) {
            TProtocolFactory protocols = all.get(run % all.size());
            List<Integer> lengths = new ArrayList<>();
            ByteBuf whole = Unpooled.buffer();
            for (int i = 0; i < 3; i++) {
                byte[] message = message(protocols);
                lengths.add(message.length);
                whole.writeBytes(message);
            }
            ThriftScanner scanner = new ThriftScanner(MOST);
            ByteBuf come = Unpooled.buffer();
            List<Integer> found = new ArrayList<>();
            int most = run % 2 == 0 ? 1 : 400;
            while (whole.isReadable()) {
                come.writeBytes(whole, Math.min(whole.readableBytes(), 1 + random.nextInt(most)));
                for (int end = scanner.end(come, false); end > 0; end = scanner.end(come, false)) {
                    found.add(end);
                    come.skipBytes(end);
                }
            }
            assertThat(found).as("seed=" + seed + " run=" + run).isEqualTo(lengths);
        }
    }

    /** It ends in a message, in a wait for more, or in a refusal; soon. */
    @Test
    void survivesAnything() throws TException {
        for (int run = 0; run < 5_000; run++) {
            byte[] bytes = message(run % 2 == 0 ? new TBinaryProtocol.Factory() : new TCompactProtocol.Factory());
            for (int i = 0; i < 3; i++) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            try {
                int end = new ThriftScanner(MOST).end(Unpooled.wrappedBuffer(bytes), false);
                assertThat(end).as("seed=" + seed + " run=" + run).isBetween(0, bytes.length);
            } catch (Failure.Protocol e) {
                assertThat(e).hasMessageStartingWith("Thrift without frames: ");
            }
        }
    }

    private static void refuses(String why, int... bytes) {
        ByteBuf in = Unpooled.buffer();
        for (int each : bytes) {
            in.writeByte(each);
        }
        assertThatThrownBy(() -> new ThriftScanner(1_000).end(in, false))
                .isInstanceOf(Failure.Protocol.class)
                .hasMessageContaining(why);
    }

    @Test
    void refusesWhatWouldNotEnd() {
        refuses("a message of a known version", 0xff, 0, 0, 0);
        refuses("more than 1000 bytes", 0x80, 1, 0, 1, 0, 0, 4, 0);
        refuses("more than 1000 bytes", 0x80, 1, 0, 1, 0xff, 0, 0, 0);
        refuses("more than 1000 bytes", 0x7f, 0xff, 0xff, 0xff);
        refuses("elements", 0x80, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 15, 0, 1, 3, 0x7f, 0xff, 0xff, 0xff);
        refuses("elements", 0x80, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0, 1, 3, 3, 0x80, 0, 0, 0);
        refuses("type 9", 0x80, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1);
        refuses("10 bytes", 0x82, 0x21, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80);
        int[] deep = new int[600];
        int[] head = {0x80, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
        System.arraycopy(head, 0, deep, 0, head.length);
        for (int i = head.length; i + 3 <= deep.length; i += 3) {
            deep[i] = 12;
            deep[i + 2] = 1;
        }
        refuses("deeper than 128", deep);
    }
}
