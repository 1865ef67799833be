package io.finback.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.runtime.StartFailure;
import io.finback.tls.NodeTls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code finback certificates} makes, and what nodes do with such files. */
class CertificatesTest {
    @TempDir
    private static Path dir;

    private static Authority.Issued first;

    @BeforeAll
    static void issue() throws IOException, InterruptedException {
        first = Authority.in(dir).issue("node", List.of("10.0.0.7", "a.example"), 90);
    }

    private static X509Certificate certificate(Path file) throws Exception {
        try (var in = Files.newInputStream(file)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    private static Config config(Path certificate, Path key, Path authorities, String more) {
        return ConfigFactory.parseMap(Map.of(
                        "finback.tls.certificate", certificate.toString(),
                        "finback.tls.key", key.toString(),
                        "finback.tls.authorities", authorities.toString()))
                .withFallback(ConfigFactory.parseString(more))
                .withFallback(ConfigFactory.load());
    }

    @Test
    void namesTheNodeAndIsSignedByTheAuthority() throws Exception {
        X509Certificate node = certificate(first.certificate());
        node.verify(certificate(first.authorities()).getPublicKey());
        node.checkValidity();
        assertThat(node.getSubjectAlternativeNames().stream().map(name -> name.get(1).toString()))
                .contains("finback", "10.0.0.7", "a.example");
        assertThat(node.getExtendedKeyUsage()).contains("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(first.key())))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("authority.p12"))))
                .isEqualTo("rw-------");
    }

    @Test
    void replacesANodesCertificateAndKeepsTheAuthority() throws Exception {
        Authority.Issued again = Authority.in(dir).issue("other", List.of("b.example"), 1);
        Authority.Issued renewed = Authority.in(dir).issue("other", List.of("b.example"), 1);
        assertThat(again.certificate()).isEqualTo(renewed.certificate());
        certificate(renewed.certificate()).verify(certificate(first.authorities()).getPublicKey());
        try (var files = Files.list(dir)) {
            assertThat(files.filter(file -> file.getFileName().toString().startsWith(".")))
                    .isEmpty();
        }
    }

    @Test
    void readsWhatItMakes() {
        assertThat(NodeTls.from(config(first.certificate(), first.key(), first.authorities(), "finback.tls.remoting = true")))
                .hasValueSatisfying(tls -> assertThat(tls.keyAlgorithm()).isEqualTo("RSA"));
    }

    @Test
    void refusesFilesThatCannotBeUsedAndNamesTheKey() throws Exception {
        Path nothing = Files.writeString(dir.resolve("nothing.pem"), "nothing\n", StandardCharsets.US_ASCII);
        assertThatThrownBy(() -> NodeTls.from(config(nothing, first.key(), first.authorities(), "")))
                .isInstanceOf(StartFailure.class)
                .hasMessageStartingWith("finback.tls.certificate: ");
        assertThatThrownBy(() -> NodeTls.from(config(first.certificate(), nothing, first.authorities(), "")))
                .hasMessageStartingWith("finback.tls.key: ");
        assertThatThrownBy(() -> NodeTls.from(config(first.certificate(), first.key(), dir.resolve("gone"), "")))
                .hasMessageStartingWith("finback.tls.authorities: ");
        Authority.Issued stranger = Authority.in(dir).issue("stranger", List.of(), 1);
        assertThatThrownBy(() -> NodeTls.from(config(first.certificate(), stranger.key(), first.authorities(), "")))
                .hasMessageContaining("the key is not that of the certificate");
    }

    @Test
    void refusesHalfASetting() {
        Config half = ConfigFactory.parseString("finback.tls.http = true").withFallback(ConfigFactory.load());
        assertThatThrownBy(() -> NodeTls.from(half))
                .isInstanceOf(StartFailure.class)
                .hasMessageStartingWith("finback.tls.certificate: ")
                .hasMessageContaining("finback certificates");
    }
}
