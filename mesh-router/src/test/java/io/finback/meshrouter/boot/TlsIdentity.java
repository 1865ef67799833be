package io.finback.meshrouter.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A key with a certificate of its own: as a Java store, and as PEM files in a directory. */
final class TlsIdentity {
    private static final char[] PASSWORD = "changeit".toCharArray();

    final Path cert;
    final Path key;
    final KeyStore store;

    TlsIdentity(Path directory, String name) throws Exception {
        this(
                directory,
                name,
                file -> keytool(
                        file,
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-ext",
                        "bc=ca:true",
                        "-ext",
                        "san=dns:" + name + ",ip:127.0.0.1",
                        "-validity",
                        "2"));
    }

    /** {@code makes}: puts the key and its certificate into that store. */
    TlsIdentity(Path directory, String name, Makes makes) throws Exception {
        Path file = directory.resolve(name + ".p12");
        makes.into(file);
        store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD);
        }
        cert = pem(
                directory,
                name + ".crt",
                "CERTIFICATE",
                store.getCertificate("me").getEncoded());
        key = pem(
                directory,
                name + ".key",
                "PRIVATE KEY",
                store.getKey("me", PASSWORD).getEncoded());
    }

    private static Path pem(Path directory, String file, String type, byte[] content) throws IOException {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        return Files.writeString(
                directory.resolve(file), "-----BEGIN " + type + "-----\n" + base64 + "\n-----END " + type + "-----\n");
    }

    SSLContext context(TlsIdentity trusted) throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD);
        KeyStore others = KeyStore.getInstance("PKCS12");
        others.load(null, null);
        others.setCertificateEntry("other", trusted.store.getCertificate("me"));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(others);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    @FunctionalInterface
    private interface Makes {
        void into(Path store) throws Exception;
    }

    private static void keytool(Path store, String command, String... options) throws Exception {
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                command,
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                "changeit"));
        line.addAll(List.of(options));
        if (!line.contains("-alias")) {
            line.addAll(List.of("-alias", "me"));
        }
        Process keytool = new ProcessBuilder(line).redirectErrorStream(true).start();
        String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(keytool.exitValue()).as(said).isZero();
    }

    /** Signed by that identity, valid for some days that are over. */
    static TlsIdentity expired(Path directory, String name, String issuerName) throws Exception {
        Path request = directory.resolve(name + ".csr");
        Path signed = directory.resolve(name + ".signed");
        return new TlsIdentity(directory, name, file -> {
            keytool(file, "-genkeypair", "-keyalg", "EC", "-dname", "CN=" + name);
            keytool(file, "-certreq", "-file", request.toString());
            keytool(
                    directory.resolve(issuerName + ".p12"),
                    "-gencert",
                    "-infile",
                    request.toString(),
                    "-outfile",
                    signed.toString(),
                    "-startdate",
                    "-10d",
                    "-validity",
                    "5",
                    "-ext",
                    "san=dns:" + name);
            // The chain has to be known before its end can be put in; it may stay.
            keytool(
                    file,
                    "-importcert",
                    "-noprompt",
                    "-alias",
                    "authority",
                    "-file",
                    directory.resolve(issuerName + ".crt").toString());
            keytool(file, "-importcert", "-noprompt", "-alias", "me", "-file", signed.toString());
        });
    }
}
