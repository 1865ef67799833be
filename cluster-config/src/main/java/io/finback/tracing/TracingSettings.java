package io.finback.tracing;

import com.typesafe.config.Config;
import io.finback.runtime.StartFailure;
import io.finback.settings.Secret;
import io.finback.settings.SettingsReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@code finback.tracing}.
 *
 * @param service what this node's spans are of
 * @param rate of traces that begin here, 0..1
 * @param deploymentRate of deployments, 0..1
 * @param target empty: no span is made at all
 */
public record TracingSettings(String service, double rate, double deploymentRate, Optional<Target> target) {
    private static final String PATH = "finback.tracing";
    private static final Set<String> OURS =
            Set.of("host", "content-type", "content-length", "content-encoding", "connection", "transfer-encoding");

    /** How the collector is spoken to. */
    public enum Exporter {
        NONE,
        OTLP,
        ZIPKIN
    }

    /** Where spans go; {@code headers} are sent with every message. */
    public record Target(
            Exporter exporter, URI endpoint, Map<String, Secret> headers, Duration timeout, SpanQueue.Limits limits) {
        public Target {
            headers = Map.copyOf(headers);
        }
    }

    /**
     * Throws {@link StartFailure} that names the key. Reads {@code headers-file}.
     *
     * @param usualService when {@code service-name} is empty
     */
    public static TracingSettings from(Config config, String usualService) {
        SettingsReader reader = SettingsReader.of(config, PATH);
        String service = reader.optionalText("service-name").orElse(usualService);
        double rate = reader.doubleIn("sample-rate", 0, 1);
        double deployments = reader.doubleIn("deployment-sample-rate", 0, 1);
        Exporter exporter = reader.oneOf("exporter", Exporter.class);
        Duration timeout = reader.duration("timeout", Duration.ofMillis(10), Duration.ofMinutes(1));
        SpanQueue.Limits limits = new SpanQueue.Limits(
                reader.intIn("queue-spans", 16, 1_000_000),
                reader.intIn("batch-spans", 1, 10_000),
                reader.duration("flush-interval", Duration.ofMillis(1), Duration.ofMinutes(1)),
                reader.intIn("retries", 0, 10));
        String endpoint = reader.text("endpoint");
        Optional<String> headersFile = reader.optionalText("headers-file");
        if (exporter == Exporter.NONE) {
            if (!endpoint.isEmpty()) {
                throw reader.refuse("endpoint", "empty while finback.tracing.exporter is none; otlp or zipkin there");
            }
            return new TracingSettings(service, rate, deployments, Optional.empty());
        }
        URI uri = endpoint.isEmpty()
                ? URI.create(
                        exporter == Exporter.OTLP
                                ? "http://127.0.0.1:4318/v1/traces"
                                : "http://127.0.0.1:9411/api/v2/spans")
                : reader.parsed("endpoint", "a URL such as http://127.0.0.1:4318/v1/traces", TracingSettings::url);
        Map<String, Secret> headers =
                headersFile.map(file -> headers(reader, Path.of(file))).orElseGet(Map::of);
        return new TracingSettings(
                service, rate, deployments, Optional.of(new Target(exporter, uri, headers, timeout, limits)));
    }

    private static URI url(String text) {
        URI uri = URI.create(text);
        String scheme = uri.getScheme();
        if (scheme == null
                || !(scheme.equals("http") || scheme.equals("https"))
                || uri.getHost() == null
                || uri.getUserInfo() != null
                || uri.getPath().isEmpty()) {
            throw new IllegalArgumentException(text);
        }
        return uri;
    }

    private static Map<String, Secret> headers(SettingsReader reader, Path file) {
        Map<String, Secret> headers = new LinkedHashMap<>();
        try {
            for (String line : Files.readAllLines(file)) {
                int colon = line.indexOf(':');
                if (line.isBlank() || line.startsWith("#")) {
                    continue;
                }
                String name = colon < 0 ? "" : line.substring(0, colon).strip().toLowerCase(Locale.ROOT);
                if (!name.matches("[a-z0-9!#$%&'*+.^_`|~-]+") || OURS.contains(name)) {
                    throw reader.refuse(
                            "headers-file", "a file of lines \"Name: value\", without the headers of HTTP itself");
                }
                headers.put(name, Secret.of(line.substring(colon + 1).strip()));
            }
        } catch (IOException e) {
            throw reader.refuse("headers-file", "a file that can be read");
        }
        return headers;
    }
}
