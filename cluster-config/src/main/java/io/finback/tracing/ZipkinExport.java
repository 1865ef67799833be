package io.finback.tracing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/** Zipkin's v2 API by HTTP: {@code POST /api/v2/spans}. */
final class ZipkinExport implements SpanExport {
    private final URI endpoint;
    private final String service;
    private final Map<String, String> headers;
    private final Duration timeout;
    private final HttpClient client;

    /**
     * @param endpoint such as {@code http://127.0.0.1:9411/api/v2/spans}
     * @param headers sent with every message
     * @param timeout for a message, connecting included
     */
    ZipkinExport(URI endpoint, String service, Map<String, String> headers, Duration timeout) {
        this.endpoint = endpoint;
        this.service = service;
        this.headers = Map.copyOf(headers);
        this.timeout = timeout;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(timeout)
                .build();
    }

    @Override
    public void send(List<Span> spans) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(endpoint)
                .timeout(timeout)
                .header("Content-Type", "application/json")
                .header("Content-Encoding", "gzip")
                // So that a collector behind a mesh that traces does not trace what it is sent.
                .header(TraceHeaders.B3, "0")
                .POST(HttpRequest.BodyPublishers.ofByteArray(packed(ZipkinJson.list(spans, service))));
        headers.forEach(request::header);
        try {
            int status = client.send(request.build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
            if (status >= 400 && status < 500 && status != 408 && status != 429) {
                throw new Refused("the collector answered " + status);
            }
            if (status / 100 != 2) {
                throw new IOException("the collector answered " + status);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static byte[] packed(byte[] json) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(json.length / 4 + 64);
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(json);
        }
        return bytes.toByteArray();
    }

    /** The client's thread ends when nobody holds it any more: JDK 17 has no other way. */
    @Override
    public void close() {}
}
