package io.finback.nodeagent.docker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.dockerjava.transport.DockerHttpClient;
import com.github.dockerjava.transport.DockerHttpClient.Request;
import com.github.dockerjava.transport.DockerHttpClient.Response;
import com.github.dockerjava.zerodep.ZerodepDockerHttpClient;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A Docker engine at the other end of its API. Every call waits for the answer; thread-safe. Source: the Engine's API reference,
 * versions 1.41 (Docker 20.10) to 1.47.
 */
final class Engine implements AutoCloseable {
    /** The newest version of the API these calls were written against; an older engine is asked in its own. */
    private static final Version NEWEST = new Version(1, 47);

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);
    private static final int MAX_ANSWER_BYTES = 16 * 1024 * 1024;
    private static final ObjectMapper JSON = new ObjectMapper();

    private record Version(int major, int minor) implements Comparable<Version> {
        static Version parse(String text) throws EngineFailure {
            String[] parts = text.split("\\.", -1);
            try {
                return new Version(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
            } catch (RuntimeException e) {
                throw new EngineFailure("api version: '" + text + "' (expected: such as 1.41)", e);
            }
        }

        @Override
        public int compareTo(Version other) {
            return major != other.major ? Integer.compare(major, other.major) : Integer.compare(minor, other.minor);
        }
    }

    private final URI host;
    private final DockerHttpClient quick;
    private final DockerHttpClient patient;
    private volatile @Nullable String prefix;

    /**
     * @param host {@code unix:///path} or {@code tcp://host:port}
     * @param answerWithin how long one answer may take; does not hold for {@link #open streams}
     */
    Engine(URI host, Duration answerWithin) {
        this.host = host;
        this.quick = client(host).responseTimeout(answerWithin).build();
        this.patient = client(host).build();
    }

    private static ZerodepDockerHttpClient.Builder client(URI host) {
        return new ZerodepDockerHttpClient.Builder().dockerHost(host).connectionTimeout(CONNECT_LIMIT);
    }

    URI host() {
        return host;
    }

    @Override
    public void close() {
        for (DockerHttpClient client : new DockerHttpClient[] {quick, patient}) {
            try {
                client.close();
            } catch (IOException e) {
                // Nobody is left to be told: the process ends, and its sockets with it.
            }
        }
    }

    JsonNode get(String path, Map<String, String> query) throws EngineFailure {
        return call("GET", path, query, null);
    }

    JsonNode post(String path, Map<String, String> query, @Nullable JsonNode body) throws EngineFailure {
        return call("POST", path, query, body);
    }

    /** True when it is gone now, false when there was none. */
    boolean delete(String path, Map<String, String> query) throws EngineFailure {
        try {
            JsonNode ignored = call("DELETE", path, query, null);
            return !ignored.isMissingNode();
        } catch (EngineFailure e) {
            if (e.isMissing()) {
                return false;
            }
            throw e;
        }
    }

    /** An answer that comes piece by piece, without a limit of time; the caller closes it, also from another thread. */
    Response open(String method, String path, Map<String, String> query, Map<String, String> headers)
            throws EngineFailure {
        Response response = execute(patient, method, path, query, headers, null);
        if (response.getStatusCode() >= 300) {
            throw failure(response);
        }
        return response;
    }

    private JsonNode call(String method, String path, Map<String, String> query, @Nullable JsonNode body)
            throws EngineFailure {
        try (Response response = execute(quick, method, path, query, Map.of(), body)) {
            if (response.getStatusCode() >= 300 && response.getStatusCode() != 304) {
                throw failure(response);
            }
            byte[] answer = read(response);
            return answer.length == 0 ? JSON.createObjectNode() : JSON.readTree(answer);
        } catch (EngineFailure e) {
            throw e;
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    private Response execute(
            DockerHttpClient client,
            String method,
            String path,
            Map<String, String> query,
            Map<String, String> headers,
            @Nullable JsonNode body)
            throws EngineFailure {
        Request.Builder request = Request.builder();
        request.method(method).path(prefix() + path + text(query)).putAllHeaders(headers);
        try {
            if (body != null) {
                request.putHeader("Content-Type", "application/json").bodyBytes(JSON.writeValueAsBytes(body));
            }
            return client.execute(request.build());
        } catch (JsonProcessingException e) {
            throw new EngineFailure("cannot be written as JSON: " + path, e);
        } catch (RuntimeException e) {
            throw unreachable(e);
        }
    }

    /** The engine's version decides in which one it is asked; an engine that was replaced is asked anew by the next agent. */
    private String prefix() throws EngineFailure {
        String known = prefix;
        if (known != null) {
            return known;
        }
        try (Response response = quick.execute(
                Request.builder().method(Request.Method.GET).path("/_ping").build())) {
            String said = response.getHeader("Api-Version");
            if (response.getStatusCode() != 200 || said == null) {
                throw new EngineFailure(
                        "docker engine at " + host + " answered /_ping with status " + response.getStatusCode()
                                + " (expected: 200 and its API version)",
                        new IOException("no engine"));
            }
            Version engine = Version.parse(said);
            Version used = engine.compareTo(NEWEST) < 0 ? engine : NEWEST;
            String found = "/v" + used.major() + "." + used.minor();
            prefix = found;
            return found;
        } catch (RuntimeException e) {
            throw unreachable(e);
        }
    }

    private EngineFailure unreachable(Exception e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return new EngineFailure("docker engine at " + host + " does not answer: " + root.getMessage(), e);
    }

    private static EngineFailure failure(Response response) {
        try (response) {
            byte[] answer = read(response);
            String message = new String(answer, StandardCharsets.UTF_8).strip();
            if (message.startsWith("{")) {
                message = JSON.readTree(message).path("message").asText(message);
            }
            return new EngineFailure(response.getStatusCode(), message);
        } catch (IOException e) {
            return new EngineFailure(response.getStatusCode(), "status " + response.getStatusCode());
        }
    }

    private static byte[] read(Response response) throws IOException {
        InputStream body = response.getBody();
        byte[] answer = body == null ? new byte[0] : body.readNBytes(MAX_ANSWER_BYTES + 1);
        if (answer.length > MAX_ANSWER_BYTES) {
            throw new IOException("an answer of more than " + MAX_ANSWER_BYTES + " bytes");
        }
        return answer;
    }

    /** For the path: everything but {@code /} and what URLs leave alone is encoded. */
    static String segment(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("%2F", "/");
    }

    private static String text(Map<String, String> query) {
        return query.isEmpty()
                ? ""
                : new TreeMap<>(query)
                        .entrySet().stream()
                                .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
                                .collect(Collectors.joining("&", "?", ""));
    }
}
