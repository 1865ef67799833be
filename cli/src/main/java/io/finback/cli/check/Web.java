package io.finback.cli.check;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import io.finback.security.Asking;
import io.finback.settings.HttpListen;
import io.finback.tls.NodeTls;
import io.finback.tls.TlsSettings;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import javax.net.ssl.HttpsURLConnection;

/** Short HTTP reads of the listeners of a cluster that has these settings. */
final class Web {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LIMIT_MILLIS = 5_000;
    private static final int MAX_BODY = 64 * 1024 * 1024;

    private final TlsSettings settings;
    private final Optional<NodeTls> tls;
    private final Asking asking;

    private Web(TlsSettings settings, Optional<NodeTls> tls, Asking asking) {
        this.settings = settings;
        this.asking = asking;
        this.tls = tls;
    }

    /** Throws {@link io.finback.runtime.StartFailure} when {@code finback.tls} or {@code finback.security.asking} cannot be used. */
    static Web of(Config config) {
        return new Web(TlsSettings.from(config), NodeTls.from(config), Asking.from(config));
    }

    /** @param date the server's clock, where it told it */
    record Answer(int status, String body, Optional<Instant> date) {
        boolean ok() {
            return status == HttpURLConnection.HTTP_OK;
        }

        /** A missing node when the body is none. */
        JsonNode json() {
            try {
                return JSON.readTree(body);
            } catch (JsonProcessingException e) {
                return JSON.missingNode();
            }
        }
    }

    /** Empty when nobody answers within five seconds. {@code key}: of the listener, such as {@code finback.management}. */
    Optional<Answer> get(String key, HttpListen at, String path) {
        try {
            String scheme = settings.covers(key) ? "https://" : "http://";
            HttpURLConnection connection = (HttpURLConnection)
                    URI.create(scheme + reachable(at) + path).toURL().openConnection();
            if (connection instanceof HttpsURLConnection secured && tls.isPresent()) {
                secured.setSSLSocketFactory(tls.get().context().getSocketFactory());
            }
            asking.authorization().ifPresent(secret -> connection.setRequestProperty("Authorization", secret.reveal()));
            connection.setConnectTimeout(LIMIT_MILLIS);
            connection.setReadTimeout(LIMIT_MILLIS);
            int status = connection.getResponseCode();
            long date = connection.getHeaderFieldDate("Date", 0);
            try (InputStream in = status >= HttpURLConnection.HTTP_BAD_REQUEST
                    ? connection.getErrorStream()
                    : connection.getInputStream()) {
                String body = in == null ? "" : new String(in.readNBytes(MAX_BODY), StandardCharsets.UTF_8);
                return Optional.of(new Answer(
                        status, body, date == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(date))));
            }
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Who listens on all interfaces is asked on this machine's own. */
    static HttpListen reachable(HttpListen listen) {
        return listen.host().equals("0.0.0.0") || listen.host().equals("::")
                ? new HttpListen("127.0.0.1", listen.port())
                : listen;
    }
}
