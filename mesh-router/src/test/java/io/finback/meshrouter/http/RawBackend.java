package io.finback.meshrouter.http;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A backend made of a socket and a script, so that a test decides every byte it answers. */
public final class RawBackend implements AutoCloseable {
    /** Answers one request; the connection is closed if it returns false. */
    @FunctionalInterface
    public interface Script {
        boolean answer(Request request, InputStream in, OutputStream out, Socket socket) throws IOException;
    }

    /** A request's head. */
    public record Request(String line, List<String> headers) {
        public String header(String name) {
            String prefix = name.toLowerCase(Locale.ROOT) + ":";
            return headers.stream()
                    .filter(h -> h.toLowerCase(Locale.ROOT).startsWith(prefix))
                    .map(h -> h.substring(prefix.length()).trim())
                    .findFirst()
                    .orElse("");
        }
    }

    private final ServerSocket server;
    private final Script script;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    public final List<Request> requests = new CopyOnWriteArrayList<>();
    public final AtomicInteger accepted = new AtomicInteger();

    public RawBackend(Script script) throws IOException {
        this.script = script;
        server = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(this::accept, "backend-" + server.getLocalPort());
        thread.setDaemon(true);
        thread.start();
    }

    public static RawBackend answering(String body) throws IOException {
        return new RawBackend((request, in, out, socket) -> {
            discardBody(request, in);
            out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                    .getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            return true;
        });
    }

    public static void discardBody(Request request, InputStream in) throws IOException {
        String length = request.header("content-length");
        if (!length.isEmpty()) {
            long left = Long.parseLong(length);
            byte[] buffer = new byte[8192];
            while (left > 0) {
                int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                if (n < 0) {
                    return;
                }
                left -= n;
            }
        } else if (request.header("transfer-encoding").equals("chunked")) {
            while (true) {
                String first = line(in);
                if (first == null) {
                    return;
                }
                int size = Integer.parseInt(first, 16);
                in.skipNBytes(size);
                String end = line(in);
                if (end == null || size == 0) {
                    return;
                }
            }
        }
    }

    public int port() {
        return server.getLocalPort();
    }

    public int openConnections() {
        return sockets.size();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                accepted.incrementAndGet();
                sockets.add(socket);
                Thread thread = new Thread(() -> serve(socket));
                thread.setDaemon(true);
                thread.start();
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = new BufferedOutputStream(socket.getOutputStream());
            while (true) {
                Request request = read(in);
                if (request == null) {
                    return;
                }
                requests.add(request);
                if (!script.answer(request, in, out, socket)) {
                    return;
                }
            }
        } catch (IOException e) {
            // the peer went away
        } finally {
            sockets.remove(socket);
        }
    }

    private static Request read(InputStream in) throws IOException {
        String first = line(in);
        if (first == null) {
            return null;
        }
        List<String> headers = new ArrayList<>();
        for (String h = line(in); h != null && !h.isEmpty(); h = line(in)) {
            headers.add(h);
        }
        return new Request(first, headers);
    }

    static String line(InputStream in) throws IOException {
        StringBuilder out = new StringBuilder();
        for (int c = in.read(); c >= 0; c = in.read()) {
            if (c == '\n') {
                return out.toString();
            }
            if (c != '\r') {
                out.append((char) c);
            }
        }
        return out.isEmpty() ? null : out.toString();
    }

    /** As a process that was killed: the port refuses, and every connection is reset. */
    public void kill() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }

    @Override
    public void close() throws IOException {
        kill();
    }
}
