package io.finback.verification.mesh;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Requests at a rate, evenly spaced, over keep-alive connections. What is measured is from when a request was due, not from
 * when a connection was free for it, to the last byte of its answer; so a stall counts for everybody who would have come meanwhile. One
 * thread sleeps from request to request (to some 60 µs; a selector would only do so to the millisecond), another one reads answers. The
 * first {@link #LEAD_IN_SECONDS} are not counted: of 3,000 requests the 64 that find a new connection would be the whole p99.
 */
final class OpenLoop {
    private static final int LEAD_IN_SECONDS = 2;
    private static final byte[] REQUEST = "GET / HTTP/1.1\r\nHost: web\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = "\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /** Guards what both threads touch: the two queues, and the channels' writes. */
    private final Object lock = new Object();

    private final ArrayDeque<Connection> free = new ArrayDeque<>();
    private final ArrayDeque<Long> due = new ArrayDeque<>();
    private final long[] latencies;
    private int answered;
    private int wrong;
    private long cpuAtStart;

    private static final class Connection {
        final SocketChannel channel;
        final ByteBuffer in = ByteBuffer.allocate(16 * 1024);
        long since;

        Connection(SocketChannel channel) {
            this.channel = channel;
        }

        /** Whether the whole answer is there. */
        boolean complete() {
            byte[] bytes = in.array();
            for (int i = 0; i + 3 < in.position(); i++) {
                if (bytes[i] == END[0] && bytes[i + 1] == END[1] && bytes[i + 2] == END[2] && bytes[i + 3] == END[3]) {
                    String head = new String(bytes, 0, i, StandardCharsets.US_ASCII).toLowerCase(java.util.Locale.ROOT);
                    int length = head.indexOf("\r\ncontent-length:");
                    if (length < 0) {
                        return new String(bytes, 0, in.position(), StandardCharsets.US_ASCII).endsWith("\r\n0\r\n\r\n");
                    }
                    int end = head.indexOf("\r\n", length + 2);
                    int body = Integer.parseInt(head.substring(length + 17, end < 0 ? head.length() : end).trim());
                    return in.position() >= i + 4 + body;
                }
            }
            return false;
        }
    }

    private OpenLoop(int most) {
        latencies = new long[most];
    }

    static Measured run(Target target, int connections, int perSecond, int seconds) throws IOException {
        OpenLoop loop = new OpenLoop(perSecond * Math.max(seconds, LEAD_IN_SECONDS));
        loop.drive(target, connections, perSecond, seconds);
        long cpu = target.cpuMillis() - loop.cpuAtStart;
        long[] sorted = Arrays.copyOf(loop.latencies, loop.answered);
        Arrays.sort(sorted);
        return new Measured(
                loop.answered,
                Math.max(loop.wrong, (long) perSecond * seconds - loop.answered),
                loop.answered / (double) seconds,
                sorted.length == 0 ? 0 : sorted[sorted.length / 2] / 1e6,
                sorted.length == 0 ? 0 : sorted[(int) (sorted.length * 0.99)] / 1e6,
                loop.answered == 0 ? 0 : cpu * 1_000.0 / loop.answered);
    }

    private void drive(Target target, int connections, int perSecond, int seconds) throws IOException {
        try (Selector selector = Selector.open()) {
            for (int i = 0; i < connections; i++) {
                SocketChannel channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", target.port()));
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                channel.configureBlocking(false);
                Connection connection = new Connection(channel);
                channel.register(selector, SelectionKey.OP_READ, connection);
                free.add(connection);
            }
            turn(selector, perSecond, LEAD_IN_SECONDS);
            answered = 0;
            cpuAtStart = target.cpuMillis();
            turn(selector, perSecond, seconds);
            selector.keys().forEach(key -> {
                try {
                    key.channel().close();
                } catch (IOException e) {
                    wrong++;
                }
            });
        }
    }

    /** So many requests at that rate; over when each is answered, or two seconds after the last was due. */
    private void turn(Selector selector, int perSecond, int seconds) throws IOException {
        long total = (long) perSecond * seconds;
        int connections = selector.keys().size();
        long start = System.nanoTime();
        long grace = start + TimeUnit.SECONDS.toNanos(seconds + 2L);
        Thread sender = new Thread(() -> send(start, total, perSecond), "open-loop");
        sender.start();
        while (System.nanoTime() < grace && (sender.isAlive() || busy(connections))) {
            selector.select(key -> answered((Connection) key.attachment()), 20);
        }
        try {
            sender.join();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private boolean busy(int connections) {
        synchronized (lock) {
            return !due.isEmpty() || free.size() < connections;
        }
    }

    private void send(long start, long total, int perSecond) {
        for (long sent = 0; sent < total; sent++) {
            long at = start + sent * 1_000_000_000 / perSecond;
            for (long left = at - System.nanoTime(); left > 0; left = at - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            synchronized (lock) {
                due.add(at);
                sendDue();
            }
        }
    }

    private void sendDue() {
        while (!due.isEmpty() && !free.isEmpty()) {
            Connection connection = free.poll();
            connection.since = due.poll();
            try {
                connection.channel.write(ByteBuffer.wrap(REQUEST));
            } catch (IOException e) {
                // Nobody answers it, which is how it is counted.
                close(connection);
            }
        }
    }

    private void answered(Connection connection) {
        try {
            if (connection.channel.read(connection.in) < 0) {
                throw new IOException("closed");
            }
            if (connection.complete()) {
                long now = System.nanoTime();
                boolean right = connection.in.get(9) == '2';
                connection.in.clear();
                synchronized (lock) {
                    if (right) {
                        latencies[answered++] = now - connection.since;
                    } else {
                        wrong++;
                    }
                    free.add(connection);
                    sendDue();
                }
            }
        } catch (IOException e) {
            wrong++;
            close(connection);
        }
    }

    private static void close(Connection connection) {
        try {
            connection.channel.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
