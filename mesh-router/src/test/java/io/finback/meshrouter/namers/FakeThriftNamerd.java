package io.finback.meshrouter.namers;

import com.twitter.finagle.ListeningServer;
import com.twitter.finagle.mux.Request;
import com.twitter.finagle.mux.Response;
import com.twitter.finagle.mux.Responses;
import com.twitter.io.Bufs;
import com.twitter.util.Await;
import com.twitter.util.Duration;
import com.twitter.util.Future;
import com.twitter.util.Promise;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TList;
import org.apache.thrift.protocol.TMap;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TStruct;
import org.apache.thrift.protocol.TType;
import org.apache.thrift.transport.TMemoryBuffer;
import org.apache.thrift.transport.TMemoryInputTransport;

/**
 * A Mux server of Finagle's with libthrift behind it, which answers as namerd's Thrift interface does: a question with the latest stamp waits
 * for something newer.
 */
@SuppressWarnings("deprecation") // Java has no other way to Finagle's buffers
public final class FakeThriftNamerd implements AutoCloseable {
    /** Writes the fields of a struct. */
    @FunctionalInterface
    public interface Fields {
        void to(TProtocol out) throws TException;
    }

    private record Said(String stamp, int field, Fields fields) {}

    private record Held(String method, String key, Promise<Response> reply) {}

    private final ListeningServer server;
    private final Map<String, Said> said = new HashMap<>();
    private final List<Held> held = new ArrayList<>();
    private int stamps;
    /** {@code method arguments}, as libthrift reads them. */
    public final List<String> asked = new CopyOnWriteArrayList<>();

    public FakeThriftNamerd(int port) {
        server = com.twitter.finagle.Mux.serve(
                "127.0.0.1:" + port, new com.twitter.finagle.Service<Request, Response>() {
                    @Override
                    public Future<Response> apply(Request request) {
                        try {
                            return answer(Bufs.ownedByteArray(request.body()));
                        } catch (TException e) {
                            return Future.exception(e);
                        }
                    }
                });
    }

    public int port() {
        return ((InetSocketAddress) server.boundAddress()).getPort();
    }

    private synchronized Future<Response> answer(byte[] body) throws TException {
        TProtocol in = new TBinaryProtocol(new TMemoryInputTransport(body));
        TMessage message = in.readMessageBegin();
        Map<?, ?> request = (Map<?, ?>) ((Map<?, ?>) value(in, TType.STRUCT)).get(1);
        asked.add(message.name + " " + request);
        Map<?, ?> name = message.name.equals("bind")
                ? (Map<?, ?>) request.get(2)
                : message.name.equals("addr") ? (Map<?, ?>) request.get(1) : Map.of(1, request.get(1));
        String key = message.name + (name.containsKey(2) ? " /" + String.join("/", strings(name.get(2))) : "");
        Said known = said.get(key);
        if (known != null && (message.name.equals("delegate") || !known.stamp().equals(name.get(1)))) {
            if (known.field() != 0) {
                said.remove(key);
            }
            return Future.value(reply(message.name, known));
        }
        Promise<Response> later = new Promise<>();
        held.add(new Held(message.name, key, later));
        return later;
    }

    private static List<String> strings(Object list) {
        return ((List<?>) list).stream().map(String::valueOf).toList();
    }

    private static Object value(TProtocol in, byte type) throws TException {
        return switch (type) {
            case TType.STRING -> {
                ByteBuffer bytes = in.readBinary();
                byte[] copy = new byte[bytes.remaining()];
                bytes.get(copy);
                yield new String(copy, StandardCharsets.UTF_8);
            }
            case TType.I32 -> in.readI32();
            case TType.LIST -> {
                TList list = in.readListBegin();
                List<Object> all = new ArrayList<>();
                for (int i = 0; i < list.size; i++) {
                    all.add(value(in, list.elemType));
                }
                yield all;
            }
            case TType.MAP -> {
                TMap map = in.readMapBegin();
                yield "map of " + map.size;
            }
            case TType.STRUCT -> {
                in.readStructBegin();
                Map<Integer, Object> all = new TreeMap<>();
                for (TField field = in.readFieldBegin(); field.type != TType.STOP; field = in.readFieldBegin()) {
                    all.put((int) field.id, value(in, field.type));
                }
                yield all;
            }
            default -> throw new TException("type " + type);
        };
    }

    private static Response reply(String method, Said said) throws TException {
        TMemoryBuffer buffer = new TMemoryBuffer(100);
        TProtocol out = new TBinaryProtocol(buffer);
        out.writeMessageBegin(new TMessage(method, TMessageType.REPLY, 0));
        struct(out, said.field(), fields -> {
            if (said.field() == 0) {
                bytes(fields, 1, said.stamp().getBytes(StandardCharsets.UTF_8));
            }
            said.fields().to(fields);
        });
        out.writeFieldStop();
        out.writeMessageEnd();
        byte[] bytes = java.util.Arrays.copyOf(buffer.getArray(), buffer.length());
        return Responses.make(Bufs.ownedBuf(bytes));
    }

    // --- what is answered ---

    public static void struct(TProtocol out, int id, Fields fields) throws TException {
        out.writeFieldBegin(new TField("", TType.STRUCT, (short) id));
        struct(out, fields);
    }

    public static void struct(TProtocol out, Fields fields) throws TException {
        out.writeStructBegin(new TStruct(""));
        fields.to(out);
        out.writeFieldStop();
    }

    public static void bytes(TProtocol out, int id, byte[] bytes) throws TException {
        out.writeFieldBegin(new TField("", TType.STRING, (short) id));
        out.writeBinary(ByteBuffer.wrap(bytes));
    }

    public static void text(TProtocol out, int id, String text) throws TException {
        bytes(out, id, text.getBytes(StandardCharsets.UTF_8));
    }

    public static void path(TProtocol out, int id, String path) throws TException {
        List<String> elements =
                path.equals("/") ? List.of() : List.of(path.substring(1).split("/", -1));
        out.writeFieldBegin(new TField("", TType.LIST, (short) id));
        out.writeListBegin(new TList(TType.STRING, elements.size()));
        for (String element : elements) {
            out.writeBinary(ByteBuffer.wrap(element.getBytes(StandardCharsets.UTF_8)));
        }
    }

    /** A BoundName, which is also what leaves hold. */
    public static Fields bound(String id, String residual) {
        return out -> {
            path(out, 1, id);
            path(out, 2, residual);
        };
    }

    /** Nodes by their numbers. */
    public static void nodes(TProtocol out, int id, Fields... nodes) throws TException {
        out.writeFieldBegin(new TField("", TType.MAP, (short) id));
        out.writeMapBegin(new TMap(TType.I32, TType.STRUCT, nodes.length));
        for (int i = 0; i < nodes.length; i++) {
            out.writeI32(i);
            struct(out, nodes[i]);
        }
    }

    /** What {@code path} means: a BoundNode, and those it names. */
    public void bind(String path, Fields root, Fields... nodes) {
        say("bind " + path, 0, out -> {
            struct(out, 2, tree -> {
                struct(tree, 1, root);
                nodes(tree, 2, nodes);
            });
            text(out, 3, "default");
        });
    }

    public static Fields leaf(String id, String residual) {
        return out -> struct(out, 4, bound(id, residual));
    }

    /** Who is behind {@code id}: {@code 10.0.0.1:80}. */
    public void addresses(String id, String... addresses) {
        say(
                "addr " + id,
                0,
                out -> struct(
                        out,
                        2,
                        value -> struct(value, 1, bound -> {
                            bound.writeFieldBegin(new TField("", TType.SET, (short) 1));
                            bound.writeSetBegin(new org.apache.thrift.protocol.TSet(TType.STRUCT, addresses.length));
                            for (String address : addresses) {
                                String[] parts = address.split("[.:]", -1);
                                byte[] ip = new byte[4];
                                for (int i = 0; i < 4; i++) {
                                    ip[i] = (byte) Integer.parseInt(parts[i]);
                                }
                                struct(bound, endpoint -> {
                                    bytes(endpoint, 1, ip);
                                    endpoint.writeFieldBegin(new TField("", TType.I32, (short) 2));
                                    endpoint.writeI32(Integer.parseInt(parts[4]));
                                    struct(endpoint, 3, meta -> {
                                        text(meta, 2, "node");
                                        meta.writeFieldBegin(new TField("", TType.DOUBLE, (short) 3));
                                        meta.writeDouble(parts.length > 5 ? Double.parseDouble(parts[5]) : 1.0);
                                    });
                                });
                            }
                        })));
    }

    /** An exception that the IDL declares. */
    public void refuse(String key, String reason) {
        say(key, 1, out -> text(out, 1, reason));
    }

    public synchronized void say(String key, int field, Fields fields) {
        Said next = new Said("s" + ++stamps, field, fields);
        said.put(key, next);
        for (Held waiting : List.copyOf(held)) {
            if (waiting.key().equals(key)) {
                held.remove(waiting);
                if (field != 0) {
                    said.remove(key);
                }
                try {
                    waiting.reply().setValue(reply(waiting.method(), next));
                } catch (TException e) {
                    waiting.reply().setException(e);
                }
            }
        }
    }

    @Override
    public void close() {
        try {
            // Whether it could say goodbye does not matter: a client may have gone first.
            var unused = Await.ready(server.close(Duration.fromMilliseconds(100)), Duration.fromSeconds(20));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
