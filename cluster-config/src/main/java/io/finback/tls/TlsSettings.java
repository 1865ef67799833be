package io.finback.tls;

import com.typesafe.config.Config;
import io.finback.settings.SettingsReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * {@code finback.tls}.
 *
 * @param files what the node shows and believes; empty: no TLS anywhere
 * @param remoting whether nodes talk to each other (Artery) in mutual TLS
 * @param http whether 5050, 8080 and 5051 speak HTTPS
 * @param management whether 8558 does
 * @param clientCertificates whether the HTTP ports want a certificate of the client, signed by the same authorities
 * @param refresh how often the files are looked at
 */
public record TlsSettings(
        Optional<Files> files,
        boolean remoting,
        boolean http,
        boolean management,
        boolean clientCertificates,
        Duration refresh) {
    private static final String PATH = "finback.tls";
    private static final Duration SHORTEST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofHours(1);

    /** Whether the listener of this key, such as {@code finback.master.http}, speaks HTTPS. */
    public boolean covers(String key) {
        return switch (key) {
            case "finback.management" -> management;
            case "finback.master.http", "finback.services.http", "finback.agent.http" -> http;
            default -> false;
        };
    }

    /** All PEM. */
    public record Files(Path certificate, Path key, Path authorities) {}

    /** Throws {@link io.finback.runtime.StartFailure} that names the key. Reads no file. */
    public static TlsSettings from(Config config) {
        SettingsReader reader = SettingsReader.of(config, PATH);
        Optional<String> certificate = reader.optionalText("certificate");
        Optional<String> key = reader.optionalText("key");
        Optional<String> authorities = reader.optionalText("authorities");
        boolean remoting = reader.flag("remoting");
        boolean http = reader.flag("http");
        boolean management = reader.flag("management");
        boolean clientCertificates = reader.flag("client-certificates");
        boolean any = certificate.isPresent() || key.isPresent() || authorities.isPresent();
        if (remoting || http || management || any) {
            for (String each : new String[] {"certificate", "key", "authorities"}) {
                if (reader.optionalText(each).isEmpty()) {
                    throw reader.refuse(each, "a file in PEM; finback certificates makes all three");
                }
            }
        }
        if (clientCertificates && !http) {
            throw reader.refuse("client-certificates", "false, or finback.tls.http = true");
        }
        return new TlsSettings(
                any
                        ? Optional.of(new Files(
                                Path.of(certificate.orElseThrow()),
                                Path.of(key.orElseThrow()),
                                Path.of(authorities.orElseThrow())))
                        : Optional.empty(),
                remoting,
                http,
                management,
                clientCertificates,
                reader.duration("refresh", SHORTEST, LONGEST));
    }
}
