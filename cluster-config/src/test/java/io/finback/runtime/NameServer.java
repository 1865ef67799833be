package io.finback.runtime;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A DNS server on loopback (RFC 1035, UDP) that knows A records of a few names, as a headless service's; others do not exist. */
final class NameServer implements AutoCloseable {
    private static final int A = 1;
    private static final int NO_SUCH_NAME = 3;
    private static final int TTL_SECONDS = 1;

    private final DatagramSocket socket;
    private final Map<String, List<String>> names = new ConcurrentHashMap<>();
    private final Map<String, Integer> asked = new ConcurrentHashMap<>();

    NameServer() throws SocketException {
        socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(this::serve, "name-server");
        thread.setDaemon(true);
        thread.start();
    }

    String address() {
        return "127.0.0.1:" + socket.getLocalPort();
    }

    /** How often a name was asked for. */
    int asked(String name) {
        return asked.getOrDefault(name, 0);
    }

    void put(String name, List<String> addresses) {
        names.put(name, List.copyOf(addresses));
    }

    private void serve() {
        byte[] buffer = new byte[512];
        while (!socket.isClosed()) {
            try {
                DatagramPacket question = new DatagramPacket(buffer, buffer.length);
                socket.receive(question);
                byte[] answer = answer(buffer, question.getLength());
                socket.send(new DatagramPacket(answer, answer.length, question.getSocketAddress()));
            } catch (IOException e) {
                // Closed, or a client that is gone.
            }
        }
    }

    private byte[] answer(byte[] bytes, int size) throws IOException {
        ByteBuffer question = ByteBuffer.wrap(bytes, 0, size);
        short id = question.getShort();
        question.position(12);
        StringBuilder name = new StringBuilder();
        for (int length = question.get(); length > 0; length = question.get()) {
            byte[] label = new byte[length];
            question.get(label);
            name.append(name.length() == 0 ? "" : ".").append(new String(label, StandardCharsets.US_ASCII));
        }
        int type = question.getShort();
        asked.merge(name.toString(), 1, Integer::sum);
        int end = question.getShort() == 1 ? question.position() : question.limit();
        List<String> addresses = type == A ? names.getOrDefault(name.toString(), List.of()) : List.of();
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(written);
        out.writeShort(id);
        out.writeShort(0x8580 | (names.containsKey(name.toString()) ? 0 : NO_SUCH_NAME));
        out.writeShort(1);
        out.writeShort(addresses.size());
        out.writeInt(0);
        out.write(bytes, 12, end - 12);
        for (String address : addresses) {
            out.writeShort(0xC00C);
            out.writeShort(A);
            out.writeShort(1);
            out.writeInt(TTL_SECONDS);
            out.writeShort(4);
            out.write(InetAddress.getByName(address).getAddress());
        }
        return written.toByteArray();
    }

    @Override
    public void close() {
        socket.close();
    }
}
