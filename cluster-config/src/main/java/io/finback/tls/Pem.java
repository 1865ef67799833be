package io.finback.tls;

import akka.pki.pem.DERPrivateKeyLoader;
import akka.pki.pem.PEMDecoder;
import akka.pki.pem.PEMLoadingException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;

/** Certificates and keys out of PEM text. Everything throws {@link IllegalArgumentException} with what was expected. Pure. */
final class Pem {
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "Ed25519");

    private Pem() {}

    /** Every certificate of the text, in its order; at least one. */
    static List<X509Certificate> certificates(String text) {
        try {
            List<X509Certificate> found = CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII)))
                    .stream()
                    .map(X509Certificate.class::cast)
                    .toList();
            if (found.isEmpty()) {
                throw new IllegalArgumentException("holds no certificate (expected: PEM, -----BEGIN CERTIFICATE-----)");
            }
            return found;
        } catch (CertificateException e) {
            throw new IllegalArgumentException(
                    "holds what is no certificate: " + e.getMessage() + " (expected: PEM, -----BEGIN CERTIFICATE-----)", e);
        }
    }

    /** One private key: PKCS#8 of RSA, EC or Ed25519, or PKCS#1 of RSA; not encrypted. */
    static PrivateKey key(String text) {
        PEMDecoder.DERData der;
        try {
            der = PEMDecoder.decode(text);
        } catch (PEMLoadingException e) {
            throw new IllegalArgumentException(
                    "holds no private key: " + e.getMessage() + " (expected: PEM, -----BEGIN PRIVATE KEY-----)", e);
        }
        if (!der.label().equals("PRIVATE KEY")) {
            try {
                return DERPrivateKeyLoader.load(der);
            } catch (PEMLoadingException e) {
                throw new IllegalArgumentException(
                        "holds a '" + der.label() + "' (expected: PRIVATE KEY, that is PKCS#8 without a password, or RSA PRIVATE KEY)",
                        e);
            }
        }
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der.bytes()));
            } catch (GeneralSecurityException next) {
                // A key of another kind.
            }
        }
        throw new IllegalArgumentException("holds a key of an unknown kind (expected: RSA, EC or Ed25519)");
    }
}
