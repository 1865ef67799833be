package io.finback.meshrouter.http;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A client whose every byte the test decides. */
public final class RawClient implements AutoCloseable {
    /** A response; {@code complete} is false when the connection ended before the body did. */
    public record Response(int status, List<String> headers, String body, boolean complete) {
        public String header(String name) {
            String prefix = name.toLowerCase(Locale.ROOT) + ":";
            return headers.stream()
                    .filter(h -> h.toLowerCase(Locale.ROOT).startsWith(prefix))
                    .map(h -> h.substring(prefix.length()).trim())
                    .findFirst()
                    .orElse("");
        }

        public String text() {
            return body;
        }
    }

    public final Socket socket;
    public final InputStream in;
    public final OutputStream out;

    public RawClient(int port) throws IOException {
        this(port, 0);
    }

    public RawClient(int port, int receiveBuffer) throws IOException {
        socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.connect(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), port), 5_000);
        socket.setSoTimeout(15_000);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
        out = socket.getOutputStream();
    }

    public static Response once(int port, String request) throws IOException {
        try (RawClient client = new RawClient(port)) {
            return client.call(request);
        }
    }

    public static Response get(int port, String host, String path) throws IOException {
        return once(port, "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    }

    public Response call(String request) throws IOException {
        send(request);
        return read(request.startsWith("HEAD "));
    }

    public void send(String bytes) throws IOException {
        out.write(bytes.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    public Response read(boolean head) throws IOException {
        String first = RawBackend.line(in);
        if (first == null) {
            throw new IOException("connection closed without a response");
        }
        int status = Integer.parseInt(first.split(" ", 3)[1]);
        List<String> headers = new ArrayList<>();
        for (String h = RawBackend.line(in); h != null && !h.isEmpty(); h = RawBackend.line(in)) {
            headers.add(h);
        }
        Response bare = new Response(status, headers, "", true);
        if (head || status < 200 || status == 204 || status == 304) {
            return bare;
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        boolean complete = body(bare, body);
        return new Response(status, headers, body.toString(StandardCharsets.ISO_8859_1), complete);
    }

    private boolean body(Response head, ByteArrayOutputStream body) throws IOException {
        try {
            if (!head.header("content-length").isEmpty()) {
                int length = Integer.parseInt(head.header("content-length"));
                body.write(in.readNBytes(length));
                return body.size() == length;
            }
            if (head.header("transfer-encoding").equals("chunked")) {
                while (true) {
                    String size = RawBackend.line(in);
                    if (size == null) {
                        return false;
                    }
                    int n = Integer.parseInt(size, 16);
                    byte[] chunk = in.readNBytes(n);
                    body.write(chunk);
                    if (chunk.length < n || RawBackend.line(in) == null) {
                        return false;
                    }
                    if (n == 0) {
                        return true;
                    }
                }
            }
            body.write(in.readAllBytes());
            return true;
        } catch (java.net.SocketException e) {
            return false;
        }
    }

    /** Whether the peer closes within the socket's timeout. */
    public boolean isClosedByPeer() throws IOException {
        try {
            return in.read() < 0;
        } catch (java.net.SocketException e) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
