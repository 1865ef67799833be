package io.finback.tls;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * What a node shows and whom it believes. Pure.
 *
 * @param chain its own certificate first, then who signed it; at least one
 * @param key of the first certificate
 * @param authorities who may sign certificates of others; at least one
 */
record TlsMaterial(List<X509Certificate> chain, PrivateKey key, List<X509Certificate> authorities) {
    TlsMaterial {
        chain = List.copyOf(chain);
        authorities = List.copyOf(authorities);
        if (!belong(chain.get(0), key)) {
            throw new IllegalArgumentException("the key is not that of the certificate of "
                    + chain.get(0).getSubjectX500Principal() + " (expected: the two that were made together)");
        }
    }

    /** When the first of its own certificates ends to be valid. */
    Instant expires() {
        return chain.stream().map(each -> each.getNotAfter().toInstant()).min(Instant::compareTo).orElseThrow();
    }

    private static boolean belong(X509Certificate certificate, PrivateKey key) {
        String algorithm =
                switch (key.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> "Ed25519";
                };
        byte[] text = {1, 2, 3};
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(text);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update(text);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
