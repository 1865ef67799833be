package io.finback.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.X509EncodedKeySpec;
import java.text.ParseException;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;

/**
 * Bearer tokens: signed JWTs that have not expired, with the principal in one of their claims. Thread-safe. A token without {@code exp} is
 * refused: it could never be taken back.
 */
public final class Tokens {
    private static final int MIN_SECRET_BYTES = 32;
    /** Those of shared secrets only with shared secrets, and those of key pairs only with public keys: no key is taken for the other. */
    private static final Set<JWSAlgorithm> SHARED = JWSAlgorithm.Family.HMAC_SHA;

    private static final Set<JWSAlgorithm> PAIRS = JWSAlgorithm.Family.SIGNATURE;

    /**
     * What a token must say.
     *
     * @param issuer empty: anyone
     * @param audience empty: any
     * @param principalClaim the claim that names the principal
     * @param skew how far the clocks of issuer and master may differ
     */
    public record Wanted(Optional<String> issuer, Optional<String> audience, String principalClaim, Duration skew) {}

    private final Wanted wanted;
    private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();

    private Tokens(Wanted wanted, JWKSet keys, Set<JWSAlgorithm> algorithms) {
        this.wanted = wanted;
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(algorithms, new ImmutableJWKSet<>(keys)));
        JWTClaimsSet.Builder exact = new JWTClaimsSet.Builder();
        wanted.issuer().ifPresent(exact::issuer);
        DefaultJWTClaimsVerifier<SecurityContext> claims = new DefaultJWTClaimsVerifier<>(
                wanted.audience().orElse(null), exact.build(), Set.of("exp", wanted.principalClaim()));
        claims.setMaxClockSkew(Math.toIntExact(wanted.skew().toSeconds()));
        processor.setJWTClaimsSetVerifier(claims);
    }

    /**
     * Keys from a file: a PEM with a public key or certificate (RS*, PS*, ES*), a JWK set, or a shared secret of at least 32 bytes (HS*).
     * Throws {@link IllegalArgumentException} with what is wrong, never with the key.
     */
    public static Tokens of(String keys, Wanted wanted) {
        String text = keys.strip();
        try {
            if (text.startsWith("-----BEGIN")) {
                return new Tokens(wanted, new JWKSet(key(publicKey(text))), PAIRS);
            }
            if (text.startsWith("{")) {
                JWKSet all = JWKSet.parse(text);
                if (all.getKeys().stream().anyMatch(key -> key instanceof OctetSequenceKey)) {
                    throw new IllegalArgumentException("a set with a shared secret (expected: public keys alone)");
                }
                return new Tokens(wanted, all.toPublicJWKSet(), PAIRS);
            }
        } catch (GeneralSecurityException | ParseException e) {
            throw new IllegalArgumentException("no key that can be read (expected: a PEM, a JWK set or a secret)", e);
        }
        byte[] secret = text.getBytes(StandardCharsets.UTF_8);
        if (secret.length < MIN_SECRET_BYTES) {
            throw new IllegalArgumentException(
                    "a secret of " + secret.length + " bytes (expected: >= " + MIN_SECRET_BYTES + ")");
        }
        return new Tokens(wanted, new JWKSet(new OctetSequenceKey.Builder(secret).build()), SHARED);
    }

    private static PublicKey publicKey(String pem) throws GeneralSecurityException {
        if (pem.startsWith("-----BEGIN CERTIFICATE")) {
            return CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)))
                    .getPublicKey();
        }
        if (!pem.startsWith("-----BEGIN PUBLIC KEY")) {
            throw new IllegalArgumentException(pem.lines().findFirst().orElse("")
                    + " (expected: -----BEGIN PUBLIC KEY----- or -----BEGIN CERTIFICATE-----)");
        }
        byte[] encoded = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
        try {
            return KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(encoded));
        } catch (InvalidKeySpecException noRsa) {
            return KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(encoded));
        }
    }

    private static JWK key(PublicKey key) {
        if (key instanceof RSAPublicKey rsa) {
            return new RSAKey.Builder(rsa).build();
        }
        if (key instanceof ECPublicKey ec) {
            return new ECKey.Builder(Curve.forECParameterSpec(ec.getParams()), ec).build();
        }
        throw new IllegalArgumentException("a key of type " + key.getAlgorithm() + " (expected: RSA or EC)");
    }

    /** Who the token speaks for; empty: it is not valid here. */
    public Optional<Principal> check(String token) {
        try {
            JWTClaimsSet claims = processor.process(token, null);
            String name = claims.getStringClaim(wanted.principalClaim());
            return name == null || name.isEmpty() ? Optional.empty() : Optional.of(new Principal(name));
        } catch (ParseException | BadJOSEException | JOSEException | IllegalArgumentException invalid) {
            return Optional.empty();
        }
    }
}
