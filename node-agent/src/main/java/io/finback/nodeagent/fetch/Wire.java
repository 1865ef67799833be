package io.finback.nodeagent.fetch;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** HTTP as downloads need it: blocking, without redirects, ended by a stall or a cancellation at any moment. Thread-safe. */
final class Wire {
    private static final String AGENT = "finback-agent";

    private final FetchSettings settings;
    private final HttpClient client;
    private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "finback-fetch-watch");
        thread.setDaemon(true);
        return thread;
    });

    Wire(FetchSettings settings) {
        this.settings = settings;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(settings.connectTimeout())
                .build();
    }

    /** The head of the answer, with a body that waits to be read. */
    HttpResponse<InputStream> get(URI uri, Cancellation cancellation) throws IOException {
        // Encoded, a server may send it compressed, and the file would be another.
        HttpRequest request = HttpRequest.newBuilder(uri)
                .timeout(settings.stallTimeout())
                .header("User-Agent", AGENT)
                .header("Accept-Encoding", "identity")
                .build();
        CompletableFuture<HttpResponse<InputStream>> answer =
                client.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
        Closeable ending = () -> answer.cancel(true);
        cancellation.add(ending);
        try {
            return answer.get();
        } catch (CancellationException e) {
            throw new IOException("cancelled", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
        } finally {
            cancellation.remove(ending);
        }
    }

    /** The same bytes; ends with {@link HttpTimeoutException} when none come for the stall timeout, at once when cancelled. */
    InputStream watched(InputStream body, Cancellation cancellation) {
        return new Watched(body, cancellation);
    }

    private final class Watched extends InputStream {
        private final InputStream body;
        private final Cancellation cancellation;
        private final Closeable ending;
        private final ScheduledFuture<?> looking;
        private volatile long heard = System.nanoTime();
        private volatile boolean stalled;

        private Watched(InputStream body, Cancellation cancellation) {
            this.body = body;
            this.cancellation = cancellation;
            this.ending = body;
            cancellation.add(ending);
            long every = Math.max(10, settings.stallTimeout().toMillis() / 10);
            this.looking = watch.scheduleWithFixedDelay(this::look, every, every, TimeUnit.MILLISECONDS);
        }

        private void look() {
            if (System.nanoTime() - heard > settings.stallTimeout().toNanos()) {
                stalled = true;
                try {
                    body.close();
                } catch (IOException e) {
                    heard = System.nanoTime();
                }
            }
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read;
            try {
                read = body.read(bytes, offset, length);
            } catch (IOException e) {
                throw stalled ? new HttpTimeoutException("stalled") : e;
            }
            if (read < 0 && stalled) {
                throw new HttpTimeoutException("stalled");
            }
            if (read < 0 && cancellation.isCancelled()) {
                throw new IOException("cancelled");
            }
            heard = System.nanoTime();
            return read;
        }

        @Override
        public void close() throws IOException {
            boolean stopped = looking.cancel(false);
            cancellation.remove(ending);
            if (stopped) {
                body.close();
            }
        }
    }
}
