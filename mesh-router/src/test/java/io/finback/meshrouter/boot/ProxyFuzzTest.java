package io.finback.meshrouter.boot;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Requests put together from every known shape of smuggling, then damaged: whatever comes, what leaves the router is HTTP by the letter, each
 * connection ends, and every answer can be read. {@code -Dfuzz=…} connections, hundreds by default; {@code -Dseed=…} repeats a run.
 */
class ProxyFuzzTest {
    private static final int THREADS = 8;
    private static final String[] LENGTHS = {
        "Content-Length: 5",
        "Content-Length: 0",
        "Content-Length: +5",
        "Content-Length: 5, 5",
        "Content-Length: 5,6",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length:\t5",
        "Content-Length : 5",
        "Content-Length: 05",
        "Content-Length: 99999999999999999999",
        "Content-Length:",
        "content-LENGTH: 5",
        "Content-Length:\r\n 5",
        "\u0000Content-Length: 5",
        "Content-Length: 5\u000b",
        "Content-Length\u0000: 5",
        " Content-Length: 5"
    };
    private static final String[] ENCODINGS = {
        "Transfer-Encoding: chunked",
        "transfer-encoding: CHUNKED",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding:\tchunked",
        "Transfer-Encoding: chunked\t",
        "Transfer-Encoding:\u000bchunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding:\r\n chunked",
        "X: y\r\n Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow",
        "Transfer-Encoding: chunked\u0000",
        "Transfer-Encoding: identity",
        "X: y\nTransfer-Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked",
        "Transfer_Encoding: chunked"
    };
    private static final String[] CHUNKS = {
        "5\r\nhello\r\n0\r\n\r\n",
        "5;a=b\r\nhello\r\n0\r\n\r\n",
        "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n",
        "05\r\nhello\r\n00\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\n0\n\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "100000005\r\nhello\r\n0\r\n\r\n",
        "0\r\nX: y\r\n\r\n",
        "0\r\nContent-Length: 9\r\n\r\n",
        "0\r\nGET /smuggled HTTP/1.1\r\n\r\n",
        "0;\r\n\r\n",
        "5\r\nhello\r\n0\r\n",
        "5;\nx\r\nhello\r\n0\r\n\r\n",
        "5\r\rhello\r\n0\r\n\r\n",
        "\r\n5\r\nhello\r\n0\r\n\r\n"
    };
    private static final String SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: web\r\n\r\n";

    /** The first, which is a good one, in most cases: a request with several faults hides all but the first. */
    private static String one(SplittableRandom random, String... of) {
        return random.nextInt(10) < 7 ? of[0] : of[random.nextInt(of.length)];
    }

    private static String request(SplittableRandom random) {
        StringBuilder text = new StringBuilder(one(random, "POST", "GET", "PUT", "HEAD", "OPTIONS", "DELETE", "post"))
                .append(one(random, " ", " ", " ", " ", "  ", "\t"))
                .append(one(random, "/", "/a?b", "http://web/a", "*", "/\u00e9", "//web", "/%0d%0aX:%20y"))
                .append(one(random, " HTTP/1.1", " HTTP/1.1", " HTTP/1.1", " HTTP/1.0", " HTTP/1.10", " HTTP/2.0", ""))
                .append(one(random, "\r\n", "\r\n", "\r\n", "\n"))
                .append(one(
                        random,
                        "Host: web\r\n",
                        "Host: web\r\n",
                        "Host: web\r\n",
                        "Host: web\r\nHost: web\r\n",
                        "host:web\r\n",
                        ""));
        int framing = random.nextInt(10);
        boolean length = framing < 4 || framing == 8;
        boolean chunked = framing >= 4 && framing < 9;
        if (length) {
            text.append(one(random, LENGTHS)).append("\r\n");
        }
        if (chunked) {
            text.append(one(random, ENCODINGS)).append("\r\n");
        }
        if (random.nextInt(12) == 0) {
            text.append(one(random, LENGTHS)).append("\r\n");
        }
        if (random.nextInt(4) == 0) {
            text.append(one(
                    random,
                    "Connection: content-length\r\n",
                    "Connection: transfer-encoding, host\r\n",
                    "Connection: close\r\n",
                    "Upgrade: h2c\r\nConnection: upgrade\r\n",
                    "Expect: 100-continue\r\n",
                    "TE: trailers\r\n",
                    "X: \u0080\u00ff\r\n"));
        }
        text.append(one(random, "\r\n", "\r\n", "\r\n", "\n"));
        if (chunked) {
            text.append(one(random, CHUNKS));
        } else if (length) {
            text.append("hello");
        }
        if (random.nextInt(2) == 0) {
            text.append(SMUGGLED);
        }
        return text.toString();
    }

    private static byte[] input(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(3); i >= 0; i--) {
            text.append(request(random));
        }
        for (int damages = random.nextInt(5) - 2; damages > 0; damages--) {
            int at = random.nextInt(text.length());
            switch (random.nextInt(4)) {
                case 0 -> text.setCharAt(at, (char) random.nextInt(256));
                case 1 -> text.deleteCharAt(at);
                case 2 -> text.insert(at, one(random, "\r", "\n", "\r\n", "\u0000", " ", ":", "0", "\u000b"));
                default -> text.insert(at, text.substring(at, Math.min(text.length(), at + 1 + random.nextInt(20))));
            }
        }
        return text.append("GET /end HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
                .toString()
                .getBytes(ISO_8859_1);
    }

    /** What came back, until the router closed; null if it did not within 20 s. */
    private static String exchange(int port, byte[] input, SplittableRandom random) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 5_000);
            socket.setSoTimeout(20_000);
            socket.setTcpNoDelay(true);
            int cut = random.nextInt(input.length);
            ByteArrayOutputStream answers = new ByteArrayOutputStream();
            try {
                socket.getOutputStream().write(input, 0, cut);
                socket.getOutputStream().write(input, cut, input.length - cut);
                socket.getInputStream().transferTo(answers);
            } catch (SocketTimeoutException e) {
                return null;
            } catch (SocketException e) {
                // it has said what it had to say
            }
            return answers.toString(ISO_8859_1);
        }
    }

    /** Whether these are whole responses one behind the other. */
    private static boolean readable(String answers) {
        int at = 0;
        while (at < answers.length()) {
            int end = answers.indexOf("\r\n\r\n", at);
            if (!answers.startsWith("HTTP/1.1 ", at) || end < 0) {
                return false;
            }
            String head = answers.substring(at, end).toLowerCase(java.util.Locale.ROOT);
            int length = head.indexOf("\r\ncontent-length: ");
            int to = length < 0 ? -1 : head.indexOf("\r\n", length + 2);
            int body = length < 0 ? 0 : Integer.parseInt(head.substring(length + 18, to < 0 ? head.length() : to));
            boolean bodiless =
                    !answers.startsWith("HTTP/1.1 ", end + 4 + body) && answers.startsWith("HTTP/1.1 ", end + 4);
            at = end + 4 + (bodiless || end + 4 == answers.length() ? 0 : body);
        }
        return at == answers.length();
    }

    @Test
    void whateverComesWhatLeavesIsHttpByTheLetter() throws IOException, InterruptedException {
        int count = Integer.getInteger("fuzz", 500);
        long seed = Long.getLong("seed", System.nanoTime());
        ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
        AtomicInteger next = new AtomicInteger();
        AtomicInteger answered = new AtomicInteger();
        try (StrictBackend web = new StrictBackend();
                TestRouter router = new TestRouter(
                        "/svc/web => /$/inet/127.0.0.1/" + web.port(),
                        Map.of(
                                "finback.router.client-idle-timeout",
                                "250 ms",
                                "finback.router.exchange-idle-timeout",
                                "500 ms"))) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                Thread thread = new Thread(() -> {
                    for (int number = next.getAndIncrement(); number < count; number = next.getAndIncrement()) {
                        SplittableRandom random = new SplittableRandom(seed + number);
                        byte[] input = input(random);
                        String shown = "seed=" + (seed + number) + " " + new String(input, ISO_8859_1);
                        try {
                            String answers = exchange(router.port(), input, random);
                            if (answers == null) {
                                failures.add("does not end: " + shown);
                            } else if (!readable(answers)) {
                                failures.add("unreadable: " + answers + "\nto " + shown);
                            } else if (answers.contains("X-Strict")) {
                                answered.incrementAndGet();
                            }
                        } catch (IOException e) {
                            failures.add(e + ": " + shown);
                        }
                    }
                });
                threads.add(thread);
                thread.start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failures).isEmpty();
            assertThat(web.deviations).as("seed=%d", seed).isEmpty();
            assertThat(answered.get()).as("some of it has to pass").isGreaterThan(count / 20);
        }
    }
}
