package io.finback.nodeagent.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads from one repository of a registry: version 2 of Docker's API over HTTP(S), with basic authentication or a token from
 * whomever the registry names. One pull, one thread. Sources: OCI distribution specification; docs.docker.com/registry/spec/auth.
 */
final class RegistryClient {
    private static final Pattern PARAMETER = Pattern.compile("([A-Za-z]+)=\"([^\"]*)\"");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_REDIRECTS = 5;
    private static final int MAX_TOKEN_BYTES = 1024 * 1024;

    private final HttpClient http;
    private final URI registry;
    private final String repository;
    private final Optional<RegistryLogin> login;
    private final Duration answerWithin;
    private Optional<String> authorization = Optional.empty();

    /**
     * @param registry scheme, host and port
     * @param answerWithin how long the head of an answer may take
     */
    RegistryClient(
            HttpClient http, URI registry, String repository, Optional<RegistryLogin> login, Duration answerWithin) {
        this.http = http;
        this.registry = registry;
        this.repository = repository;
        this.login = login;
        this.answerWithin = answerWithin;
    }

    /** An answer with status 200; who asked closes its body. */
    HttpResponse<InputStream> manifest(String version) throws IOException, ImageFailure {
        return get("manifests/" + version, String.join(", ", Manifests.MEDIA_TYPES));
    }

    InputStream blob(String digest) throws IOException, ImageFailure {
        return get("blobs/" + digest, "*/*").body();
    }

    private HttpResponse<InputStream> get(String path, String accept) throws IOException, ImageFailure {
        URI uri = registry.resolve("/v2/" + repository + "/" + path);
        HttpResponse<InputStream> answer = send(uri, accept, authorization);
        if (answer.statusCode() == 401 && authorization.isEmpty()) {
            discard(answer);
            authorization = authorize(answer);
            answer = send(uri, accept, authorization);
        }
        for (int hops = 0; answer.statusCode() / 100 == 3; hops++) {
            discard(answer);
            URI next = uri.resolve(answer.headers()
                    .firstValue("Location")
                    .orElseThrow(() -> new ImageFailure("the registry leads to nowhere from " + path)));
            if (hops >= MAX_REDIRECTS || (uri.getScheme().equals("https") && !"https".equals(next.getScheme()))) {
                throw new ImageFailure("the registry leads from " + uri.getHost() + " to " + next.getScheme() + "://"
                        + next.getHost() + " (expected: at most " + MAX_REDIRECTS + " steps, none from https to http)");
            }
            // What a registry is told in confidence its storage is not.
            boolean same = next.getHost() != null
                    && next.getHost().equals(registry.getHost())
                    && next.getPort() == registry.getPort();
            uri = next;
            answer = send(uri, accept, same ? authorization : Optional.empty());
        }
        if (answer.statusCode() != 200) {
            String said = said(answer);
            throw new ImageFailure("registry " + registry.getAuthority() + " answers " + answer.statusCode() + " for "
                    + repository + "/" + path + (said.isEmpty() ? "" : ": " + said));
        }
        return answer;
    }

    private HttpResponse<InputStream> send(URI uri, String accept, Optional<String> authorization)
            throws IOException, ImageFailure {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri).timeout(answerWithin).header("Accept", accept);
        authorization.ifPresent(value -> request.header("Authorization", value));
        try {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageFailure("interrupted while " + uri.getAuthority() + " was asked");
        } catch (IOException e) {
            throw new IOException(uri.getAuthority() + ": " + (e.getMessage() == null ? e : e.getMessage()), e);
        }
    }

    /** What to say after a 401. */
    private Optional<String> authorize(HttpResponse<?> refused) throws IOException, ImageFailure {
        for (String challenge : refused.headers().allValues("WWW-Authenticate")) {
            if (challenge.regionMatches(true, 0, "Bearer ", 0, 7)) {
                return Optional.of("Bearer " + token(challenge));
            }
            if (challenge.regionMatches(true, 0, "Basic", 0, 5)) {
                return Optional.of(basic(login.orElseThrow(() -> new ImageFailure(
                        "registry " + registry.getAuthority() + " wants a login (expected: one for it in the image's"
                                + " config, .docker/config.json in the sandbox, or finback.agent.images.config)"))));
            }
        }
        throw new ImageFailure("registry " + registry.getAuthority() + " answers 401 without a way to log in");
    }

    private static String basic(RegistryLogin login) {
        String pair = login.user() + ":" + login.password();
        return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    }

    private String token(String challenge) throws IOException, ImageFailure {
        Map<String, String> parameters = new LinkedHashMap<>();
        Matcher matcher = PARAMETER.matcher(challenge);
        while (matcher.find()) {
            parameters.put(matcher.group(1), matcher.group(2));
        }
        URI realm;
        try {
            realm = URI.create(parameters.getOrDefault("realm", ""));
        } catch (IllegalArgumentException e) {
            throw new ImageFailure("registry " + registry.getAuthority() + " names no place for tokens", e);
        }
        boolean safe = "https".equals(realm.getScheme())
                || ("http".equals(realm.getScheme()) && registry.getScheme().equals("http"));
        if (!safe || realm.getHost() == null) {
            throw new ImageFailure("registry " + registry.getAuthority() + " gives tokens at '" + realm
                    + "' (expected: an https URL)");
        }
        String query = "service=" + encoded(parameters.getOrDefault("service", "")) + "&scope="
                + encoded(parameters.getOrDefault("scope", "repository:" + repository + ":pull"));
        URI asked = URI.create(realm + (realm.getQuery() == null ? "?" : "&") + query);
        HttpResponse<InputStream> answer = send(asked, "application/json", login.map(RegistryClient::basic));
        if (answer.statusCode() != 200) {
            throw new ImageFailure(realm.getAuthority() + " gives no token for " + repository + ": status "
                    + answer.statusCode() + ", " + said(answer));
        }
        try (InputStream body = answer.body()) {
            JsonNode said = JSON.readTree(body.readNBytes(MAX_TOKEN_BYTES));
            String token = said.path("token").asText(said.path("access_token").asText(""));
            if (token.isEmpty()) {
                throw new ImageFailure(realm.getAuthority() + " answers without a token for " + repository);
            }
            return token;
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static String said(HttpResponse<InputStream> answer) throws IOException {
        try (InputStream body = answer.body()) {
            return new String(body.readNBytes(512), StandardCharsets.UTF_8)
                    .replaceAll("[\\p{Cntrl}]+", " ")
                    .strip();
        }
    }

    private static void discard(HttpResponse<InputStream> answer) throws IOException {
        answer.body().close();
    }
}
