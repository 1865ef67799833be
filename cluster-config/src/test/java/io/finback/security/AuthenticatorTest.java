package io.finback.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class AuthenticatorTest {
    private static final String SECRET = "a secret of thirty-two bytes or more";
    private static final Tokens.Wanted WANTED =
            new Tokens.Wanted(Optional.of("us"), Optional.of("finback"), "sub", Duration.ofSeconds(30));

    private final AtomicReference<Credentials> credentials = new AtomicReference<>(Credentials.NONE);
    private final AtomicReference<Optional<Tokens>> tokens = new AtomicReference<>(Optional.empty());
    private final Authenticator authenticator = new Authenticator(credentials::get, tokens::get);

    private static String basic(String pair) {
        return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    }

    private String who(String header) {
        return authenticator.authenticate(Optional.of(header)) instanceof Authenticator.Known known
                ? known.principal().name()
                : "";
    }

    @Test
    void readsBothFormsOfMesosAndHashes() {
        assertThat(authenticator.authenticate(Optional.empty())).isEqualTo(Authenticator.Nobody.INSTANCE);
        String hash = Credentials.hash("s3:cret");
        for (String text : new String[] {
            "{\"credentials\":[{\"principal\":\"ops\",\"secret\":\"s3:cret\"}]}",
            "{\"credentials\":[{\"principal\":\"ops\",\"secret\":\"" + hash + "\"}]}",
            "# people\nops s3:cret\n\n",
            "ops " + hash
        }) {
            credentials.set(Credentials.parse(text));
            for (int times = 0; times < 2; times++) {
                assertThat(who(basic("ops:s3:cret"))).isEqualTo("ops");
                assertThat(who(basic("ops:s3:cre"))).isEmpty();
                assertThat(who(basic("ops:" + hash))).isEmpty();
                assertThat(who(basic("dev:s3:cret"))).isEmpty();
            }
        }
        // What was right before is forgotten with the credentials.
        credentials.set(Credentials.parse("ops another"));
        assertThat(who(basic("ops:s3:cret"))).isEmpty();
        assertThat(who(basic("ops:another"))).isEqualTo("ops");
    }

    @Test
    void noHeaderBreaksIt() {
        credentials.set(Credentials.parse("ops s"));
        for (String header : new String[] {
            "",
            "Basic",
            "Basic !!!",
            basic(""),
            basic(":"),
            basic(":s"),
            basic("ops"),
            "Digest x",
            "Bearer",
            "Bearer a.b.c",
            "token=",
            "Basic " + "A".repeat(20_000)
        }) {
            assertThat(authenticator.authenticate(Optional.of(header)))
                    .as(header)
                    .isInstanceOf(Authenticator.Refused.class);
        }
    }

    @Test
    void badFilesAreNamedAndTellNoSecret() {
        for (String text : new String[] {
            "ops",
            "ops secret more",
            "a:b secret",
            "ops secret\nops secret",
            "{\"credentials\":[{\"principal\":\"ops\"}]}",
            "{\"credentials\":{}}",
            "{",
            "ops pbkdf2-sha256$1$secret",
            "{\"credentials\":[{\"principal\":\"o\",\"secret\":\"\"}]}"
        }) {
            assertThatThrownBy(() -> Credentials.parse(text))
                    .as(text)
                    .isInstanceOf(IllegalArgumentException.class)
                    .message()
                    .contains("expected")
                    .doesNotContain("$secret")
                    .doesNotContain("secret more");
        }
    }

    @Test
    void takesTokensThatAreSignedAndNotOver() throws Exception {
        tokens.set(Optional.of(Tokens.of(SECRET, WANTED)));
        MACSigner signer = new MACSigner(SECRET);
        assertThat(who("Bearer " + token(signer, JWSAlgorithm.HS256, claims(60))))
                .isEqualTo("ops");
        assertThat(who("token=" + token(signer, JWSAlgorithm.HS256, claims(60))))
                .isEqualTo("ops");
        assertThat(who("Bearer " + token(signer, JWSAlgorithm.HS256, claims(-60))))
                .isEmpty();
        JWTClaimsSet forEver =
                new JWTClaimsSet.Builder(claims(60)).expirationTime(null).build();
        assertThat(who("Bearer " + token(signer, JWSAlgorithm.HS256, forEver))).isEmpty();
        JWTClaimsSet elsewhere =
                new JWTClaimsSet.Builder(claims(60)).audience("other").build();
        assertThat(who("Bearer " + token(signer, JWSAlgorithm.HS256, elsewhere)))
                .isEmpty();
        JWTClaimsSet theirs =
                new JWTClaimsSet.Builder(claims(60)).issuer("them").build();
        assertThat(who("Bearer " + token(signer, JWSAlgorithm.HS256, theirs))).isEmpty();
        assertThat(who("Bearer " + token(new MACSigner(SECRET.replace('a', 'b')), JWSAlgorithm.HS256, claims(60))))
                .isEmpty();
        assertThat(who("Bearer " + new PlainJWT(claims(60)).serialize())).isEmpty();
    }

    /** The public key is known to everybody: it must not do as a shared secret. */
    @Test
    void aPublicKeyIsNoSharedSecret() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        KeyPair pair = generator.generateKeyPair();
        String pem = "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder().encodeToString(pair.getPublic().getEncoded())
                + "\n-----END PUBLIC KEY-----\n";
        tokens.set(Optional.of(Tokens.of(pem, WANTED)));
        assertThat(who("Bearer " + token(new RSASSASigner(pair.getPrivate()), JWSAlgorithm.RS256, claims(60))))
                .isEqualTo("ops");
        assertThat(who("Bearer " + token(new MACSigner(pem.strip()), JWSAlgorithm.HS256, claims(60))))
                .isEmpty();
        assertThatThrownBy(() -> Tokens.of("short", WANTED)).hasMessage("a secret of 5 bytes (expected: >= 32)");
        assertThatThrownBy(() -> Tokens.of("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", WANTED))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Tokens.of("-----BEGIN PRIVATE KEY-----", WANTED))
                .hasMessageContaining("expected: -----BEGIN PUBLIC KEY-----");
    }

    private static JWTClaimsSet claims(int seconds) {
        return new JWTClaimsSet.Builder()
                .subject("ops")
                .issuer("us")
                .audience("finback")
                .expirationTime(Date.from(Instant.now().plusSeconds(seconds)))
                .build();
    }

    private static String token(JWSSigner signer, JWSAlgorithm algorithm, JWTClaimsSet claims) throws JOSEException {
        SignedJWT token = new SignedJWT(new JWSHeader(algorithm), claims);
        token.sign(signer);
        return token.serialize();
    }
}
