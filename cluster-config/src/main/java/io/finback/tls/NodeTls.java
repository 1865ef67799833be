package io.finback.tls;

import akka.http.javadsl.ConnectionContext;
import akka.http.javadsl.HttpsConnectionContext;
import akka.http.javadsl.ServerBuilder;
import com.typesafe.config.Config;
import io.finback.runtime.StartFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What {@code finback.tls} says, for the listeners and clients of a node. The files are read again when one of them has changed, so that a
 * certificate is replaced without a restart: connections that are open stay, new ones use the new one. Files that do not fit together (one of them
 * is not yet replaced) are logged, and what they said before stands. Thread-safe.
 */
public final class NodeTls {
    private static final Logger log = LoggerFactory.getLogger(NodeTls.class);
    private static final String PATH = "finback.tls";
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
    /** Larger files are a mistake. */
    private static final long MAX_BYTES = 1024L * 1024;
    /** Of the store in memory, which nothing else sees. */
    private static final char[] PASSWORD = "memory".toCharArray();

    private final TlsSettings settings;
    private volatile State state;
    private volatile long lookedAt = System.nanoTime();

    private record Stamp(String modified, long size) {}

    private record State(Map<Path, Stamp> stamps, TlsMaterial material, SSLContext context) {}

    private NodeTls(TlsSettings settings, State state) {
        this.settings = settings;
        this.state = state;
    }

    /** Empty when no files are named. Throws {@link StartFailure} when they cannot be used, with the key and what was expected. */
    public static Optional<NodeTls> from(Config config) {
        TlsSettings settings = TlsSettings.from(config);
        return settings.files().map(files -> new NodeTls(settings, read(settings, files)));
    }

    /** {@code builder}, with HTTPS if {@code finback.tls.http} says so. */
    public static ServerBuilder secured(ServerBuilder builder, Config config) {
        return from(config)
                .filter(tls -> tls.settings.http())
                .map(tls -> builder.enableHttps(tls.server(tls.settings.clientCertificates())))
                .orElse(builder);
    }

    /** {@code https} where the HTTP ports of this cluster speak TLS, else {@code http}. */
    public static String scheme(Config config) {
        return TlsSettings.from(config).http() ? "https" : "http";
    }

    public TlsSettings settings() {
        return settings;
    }

    /** For a listener; {@code clients}: whether a client must show a certificate that the authorities have signed. */
    public HttpsConnectionContext server(boolean clients) {
        return ConnectionContext.httpsServer(() -> {
            SSLEngine engine = context().createSSLEngine();
            engine.setUseClientMode(false);
            engine.setEnabledProtocols(PROTOCOLS);
            engine.setNeedClientAuth(clients);
            return engine;
        });
    }

    /** For calls to other nodes: they must show a certificate for the name they are called by; ours is shown to who asks. */
    public HttpsConnectionContext client() {
        return ConnectionContext.httpsClient((host, port) -> {
            SSLEngine engine = context().createSSLEngine(host, port);
            engine.setUseClientMode(true);
            SSLParameters parameters = engine.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            parameters.setProtocols(PROTOCOLS);
            engine.setSSLParameters(parameters);
            return engine;
        });
    }

    /** Of the files as they are now; shows our certificate, believes the authorities. */
    public SSLContext context() {
        if (System.nanoTime() - lookedAt > settings.refresh().toNanos()) {
            look();
        }
        return state.context();
    }

    /** When the certificate ends to be valid. */
    public Instant expires() {
        return state.material().expires();
    }

    /** Its numbers in Prometheus' text format. */
    public String prometheus() {
        var unused = context();
        return "# TYPE finback_tls_certificate_expires_timestamp_seconds gauge\n"
                + "finback_tls_certificate_expires_timestamp_seconds " + expires().getEpochSecond() + "\n";
    }

    /** The kind of key: {@code RSA}, {@code EC} or {@code EdDSA}. */
    public String keyAlgorithm() {
        return state.material().key().getAlgorithm();
    }

    private synchronized void look() {
        if (System.nanoTime() - lookedAt <= settings.refresh().toNanos()) {
            return;
        }
        lookedAt = System.nanoTime();
        TlsSettings.Files files = settings.files().orElseThrow();
        try {
            if (!stamps(files).equals(state.stamps())) {
                state = read(settings, files);
                log.info("tls.reloaded certificate={} expires={}", files.certificate(), expires());
            }
        } catch (IOException | StartFailure e) {
            log.error("tls.unreadable reason={} next=keep_what_they_said", e.getMessage());
        }
    }

    private static State read(TlsSettings settings, TlsSettings.Files files) {
        try {
            Map<Path, Stamp> before = stamps(files);
            String certificate = text("certificate", files.certificate());
            String key = text("key", files.key());
            String authorities = text("authorities", files.authorities());
            TlsMaterial material = new TlsMaterial(
                    parsed("certificate", files.certificate(), () -> Pem.certificates(certificate)),
                    parsed("key", files.key(), () -> Pem.key(key)),
                    parsed("authorities", files.authorities(), () -> Pem.certificates(authorities)));
            if (settings.remoting() && !material.key().getAlgorithm().equals("RSA")) {
                throw new StartFailure(PATH + ".key: " + files.key() + ": a key of " + material.key().getAlgorithm()
                        + " (expected: RSA, which is all that finback.tls.remoting reads; finback certificates makes one)");
            }
            return new State(before, material, context(material));
        } catch (IOException | GeneralSecurityException e) {
            throw new StartFailure(PATH + ": " + e + " (expected: files that can be read)", e);
        } catch (IllegalArgumentException e) {
            throw new StartFailure(PATH + ".key: " + files.key() + ": " + e.getMessage(), e);
        }
    }

    private static <T> T parsed(String key, Path file, java.util.function.Supplier<T> parse) {
        try {
            return parse.get();
        } catch (IllegalArgumentException e) {
            throw new StartFailure(PATH + "." + key + ": " + file + " " + e.getMessage(), e);
        }
    }

    private static String text(String key, Path file) throws IOException {
        if (!Files.isReadable(file) || Files.isDirectory(file)) {
            throw new StartFailure(PATH + "." + key + ": " + file + " (expected: a file in PEM that this process can read)");
        }
        if (Files.size(file) > MAX_BYTES) {
            throw new StartFailure(PATH + "." + key + ": " + file + " has " + Files.size(file) + " bytes (expected: <= "
                    + MAX_BYTES + ")");
        }
        return Files.readString(file, StandardCharsets.ISO_8859_1);
    }

    private static Map<Path, Stamp> stamps(TlsSettings.Files files) throws IOException {
        Map<Path, Stamp> stamps = new HashMap<>();
        for (Path file : List.of(files.certificate(), files.key(), files.authorities())) {
            if (Files.exists(file)) {
                BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                stamps.put(file, new Stamp(attributes.lastModifiedTime() + "/" + attributes.fileKey(), attributes.size()));
            }
        }
        return stamps;
    }

    private static SSLContext context(TlsMaterial material) throws GeneralSecurityException, IOException {
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        own.setKeyEntry(
                "node",
                material.key(),
                PASSWORD,
                new ArrayList<>(material.chain()).toArray(new java.security.cert.Certificate[0]));
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, PASSWORD);
        KeyStore believed = KeyStore.getInstance("PKCS12");
        believed.load(null, null);
        for (int number = 0; number < material.authorities().size(); number++) {
            believed.setCertificateEntry("authority-" + number, material.authorities().get(number));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(believed);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
