package io.finback.meshrouter.boot;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/**
 * A backend that reads requests by the letter of RFC 9112 and remembers every deviation: a router may send it nothing that two readers
 * could read differently, and nothing that the router did not mean as a request (those carry its headers).
 */
final class StrictBackend implements AutoCloseable {
    private static final Pattern REQUEST_LINE =
            Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\\x21-\\x7e\\x80-\\xff]+ HTTP/1\\.1");
    private static final Pattern HEADER =
            Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?((?:[\\x20\\t\\x21-\\x7e\\x80-\\xff])*)");
    private static final Pattern CHUNK_SIZE = Pattern.compile("[0-9A-Fa-f]{1,8}");

    private final ServerSocket server = new ServerSocket(0, 256, InetAddress.getLoopbackAddress());
    final ConcurrentLinkedQueue<String> deviations = new ConcurrentLinkedQueue<>();
    final AtomicInteger requests = new AtomicInteger();

    StrictBackend() throws IOException {
        Thread thread = new Thread(this::accept, "strict-backend");
        thread.setDaemon(true);
        thread.start();
    }

    int port() {
        return server.getLocalPort();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                Thread thread = new Thread(() -> serve(socket));
                thread.setDaemon(true);
                thread.start();
            } catch (IOException e) {
                return;
            }
        }
    }

    private static final class Deviation extends Exception {
        private static final long serialVersionUID = 1;

        Deviation(String what) {
            super(what);
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            while (request(in)) {
                requests.incrementAndGet();
                out.write("HTTP/1.1 200 OK\r\nX-Strict: yes\r\nContent-Length: 2\r\n\r\nok"
                        .getBytes(StandardCharsets.US_ASCII));
                out.flush();
            }
        } catch (Deviation e) {
            deviations.add(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            // the router went away within a request, as its client did
        }
    }

    private static boolean request(InputStream in) throws IOException, Deviation {
        String first = line(in, true);
        if (first == null) {
            return false;
        }
        if (!REQUEST_LINE.matcher(first).matches()) {
            throw new Deviation("request line: " + first);
        }
        Map<String, String> headers = headers(in, first);
        if (!headers.containsKey("l5d-dst-service") || !headers.containsKey("host")) {
            throw new Deviation("not a request of the router's: " + first + " " + headers);
        }
        String length = headers.get("content-length");
        String encoding = headers.get("transfer-encoding");
        if (length != null && encoding != null) {
            throw new Deviation("two framings: " + headers);
        }
        if (encoding != null) {
            if (!encoding.equals("chunked")) {
                throw new Deviation("Transfer-Encoding: " + encoding);
            }
            chunks(in, first);
        } else if (length != null) {
            if (!length.matches("[0-9]{1,18}")) {
                throw new Deviation("Content-Length: " + length);
            }
            in.skipNBytes(Long.parseLong(length));
        }
        return true;
    }

    private static Map<String, String> headers(InputStream in, String where) throws IOException, Deviation {
        Map<String, String> headers = new HashMap<>();
        for (String line = line(in, false); line != null && !line.isEmpty(); line = line(in, false)) {
            var matcher = HEADER.matcher(line);
            if (!matcher.matches()) {
                throw new Deviation("header of " + where + ": " + line);
            }
            String name = matcher.group(1).toLowerCase(Locale.ROOT);
            String before = headers.put(name, matcher.group(2));
            if (before != null
                    && (name.equals("content-length") || name.equals("transfer-encoding") || name.equals("host"))) {
                throw new Deviation(name + " twice: " + where);
            }
        }
        return headers;
    }

    private static void chunks(InputStream in, String where) throws IOException, Deviation {
        while (true) {
            String size = line(in, false);
            if (size == null || !CHUNK_SIZE.matcher(size).matches()) {
                throw new Deviation("chunk size of " + where + ": " + size);
            }
            long bytes = Long.parseLong(size, 16);
            if (bytes == 0) {
                Objects.requireNonNull(headers(in, where));
                return;
            }
            in.skipNBytes(bytes);
            String end = line(in, false);
            if (end == null || !end.isEmpty()) {
                throw new Deviation("behind a chunk of " + where + ": " + end);
            }
        }
    }

    /** Without its CRLF; null at the end of the stream, which only may come {@code between} requests. */
    private static String line(InputStream in, boolean between) throws IOException, Deviation {
        StringBuilder out = new StringBuilder();
        for (int c = in.read(); c >= 0; c = in.read()) {
            if (c == '\n') {
                throw new Deviation("a bare LF behind: " + out);
            }
            if (c == '\r') {
                if (in.read() != '\n') {
                    throw new Deviation("a bare CR behind: " + out);
                }
                return out.toString();
            }
            out.append((char) c);
        }
        if (between && out.isEmpty()) {
            return null;
        }
        throw new IOException("ended within a line");
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
